// Package run breaks a fleet by a plan, and judges it by what the hardware wrote down.
//
//	setup -> health gate -> quiet -> faults -> heal -> liveness -> drain -> collect -> check -> report
//
// [Run] makes a folder, starts a fleet in it, sends commands and reads readings while the plan is carried out, waits
// until all should be as before, collects what everybody wrote down, stops the fleet, and has the checkers judge. What
// it leaves is the folder:
//
//	plan.json  history/*.ndjson.gz  nodes/truth.log  logs/  report.json  porcupine-*.html  repro.sh  manifest.ndjson
//
// Package report adds the page.
//
// # Verdicts
//
//	held      all promises were kept, and the run has tried what it was to try    exit code 0
//	violated  a promise was broken                                                1
//	unknown   it cannot be told: too little load, a fault that did not take       2
//	error     it could not be set up, or a fault could not be undone              3
//
// # Promises
//
//   - Whatever ends a run, all of its faults are undone and all of its processes end. After a crash of the harness,
//     [Cleanup] finds what is left.
//   - A run that tested nothing does not pass.
//
// # Concurrency
//
// Runs in different folders may go on beside each other, as far as the machine carries them.
package run

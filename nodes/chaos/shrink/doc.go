// Package shrink makes the plan of a run that broke a promise smaller, as long as it breaks it.
//
//	plan + "does it still fail?" --> [Search] --> smaller plan
//
// First it leaves out entries: ddmin (Zeller and Hildebrandt, 2002), which tries parts of them, then all but a part,
// and ever smaller parts. Then it halves how long faults are held, how many devices and clients there are, and how long the
// phase of faults is.
//
// # Promises
//
//   - The plan that is returned is one that was seen to fail, or the one that was given.
//   - If every plan that has all of a failing plan's entries fails as well, no entry of the result can be left out.
//   - No plan is tried twice, and none is begun after ctx has ended.
//
// Runs are not alike, so a plan that did not fail is no proof that it cannot: who asks whether it fails, may run it more
// than once.
package shrink

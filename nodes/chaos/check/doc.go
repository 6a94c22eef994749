// Package check judges what happened in a run: did the fleet keep its promises while it was broken?
//
//	history.History --> C1 .. C12 --> Result{held | violated | unknown}
//
// Each checker is a pure function of the history. What the simulated hardware wrote down decides; what gateways
// say of themselves explains, and decides nothing but whether a device was started again (C11), which nobody
// else can know. [Checkers] lists them; what each says, and what it cannot say, is in the README.
//
// # Verdicts
//
//	held      it was looked at, and nothing was wrong
//	violated  something happened that must not; each [Violation] names it, and has the records around it
//	unknown   it cannot be told: the run was too short, records are missing, or nothing was tried
//
// Unknown is no pass. A violation weighs more than what is unknown beside it.
//
// # Times
//
// Records of two recorders that lie apart by at most [history.Limits].Epsilon count as happening at the same time, and
// intervals include their ends: a checker accuses only what no order of such records could explain. The hardware's
// own order is exact. Faults have two windows: the wide one excuses, the narrow one claims that
// something certainly did not work.
//
// # Promises
//
//   - No checker accuses a history that is legal. [TestLegalHistoriesHold]
//   - Every checker can fail, and names what is wrong; no other one accuses. [TestMutants]
//   - A history with nothing in it passes for nothing. [TestNothingIsNoPass]
//   - Linear, or n log n, in the number of records, but for registers: porcupine may give up, which is unknown.
//
// # Concurrency
//
// A history is only read, so checkers may run at the same time.
package check

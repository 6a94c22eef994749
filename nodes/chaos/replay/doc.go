// Package replay does a run of roost chaos again, and tells how often it comes out as it did.
//
//	folder of a run --> [Open] --> plan, as written or with the targets of then --> runs --> [Rate]
//
// A seed fixes plan and load, and not the operating system's scheduling. So whether a broken promise can be shown again
// is measured, and not promised: "violated C4 in 7/10".
//
// Everything here but [Open] is pure.
package replay

// Package fault breaks a fleet, and mends it again.
//
//	asked --Apply--> --Confirm--> applied --hold--> heal-asked --Heal--> --ConfirmHealed--> healed
//
// Before a fault is applied, the manifest says so on disk ([Manifest]), and so does the history. It counts as
// applied only when its effect was seen: that the process was waited for, that the kernel says that it stands
// still, that no byte passes though some came. So a run in which nothing was broken does not pass for one in which all
// held. Every fault is healed, also when the run is given up.
//
// [Kinds] are all there are, each with the reason why this system cannot do it, if so.
//
// # Concurrency
//
// A [Fault] is used by one goroutine. Faults of different targets may be used at the same time.
package fault

// Package plan says what a run of roost chaos does to a fleet, before it does anything.
//
//	scenario + seed + settings --> Plan --> plan.json
//
// Everything here is pure: the same scenario, seed and settings are the same plan. Chance is split by label
// ([Stream]), so that one client more does not change what is broken, nor when.
//
// # Targets
//
//	gw-2, hub-1         that node
//	owner(rig-7)        the gateway that serves the device at that moment
//	any                 some gateway that runs
//	all                 all gateways that run
//	minority, majority  fewer than half of them; more
//	hub-leader          the hub that leads the control stream
//	hub-any, hubs       some hub; all hubs
//	rig-7, device(any)  a device; some device
//	any,hub-leader      several of these, each of which must be there
//
// A target that is not there when its time comes is an error of [Resolve], and what was to happen to it does
// not: a run says so.
//
// # What is not promised
//
// The seed fixes the plan and the load, not the operating system's scheduling: two runs of one plan differ.
package plan

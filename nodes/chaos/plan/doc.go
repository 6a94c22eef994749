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
// # Triggers
//
// An entry begins at its time, or when something happens after that ("on"), within the phase of faults:
//
//	{"failpoint": "cmd.after-write", "hit": 3}          the third command that passes the point at the entry's target: the
//	                                                    point itself kills it (fault kill) or stops it (fault pause)
//	{"failpoint": "cmd.after-intent", "node": "gw-1"}   whoever passes it at gw-1 waits there until any other fault, such as
//	                                                    one of the way to the hub, has taken effect
//	{"link": "owner(rig-7)", "direction": "up",         the fifth message that the owner publishes
//	 "verb": "PUB", "count": 5}
//	{"link": "gw-2", "direction": "down",               so many bytes from the hub
//	 "bytes": 18231}
//	{"event": "epoch(rig-7)>=40"}                       the bus of the device is under such an epoch
//	{"event": "owners(rig-7)>=3"}                       it was given to somebody for the third time
//
// A node or a link may be "target", the target of the entry. One that does not happen leaves its entry out, and the run
// has not tried what it was to try. Links and events are looked at every few milliseconds, points are exact.
//
// # What is not promised
//
// The seed fixes the plan and the load, not the operating system's scheduling: two runs of one plan differ.
package plan

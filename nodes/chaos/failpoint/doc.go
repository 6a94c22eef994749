// Package failpoint stops, kills and misleads a gateway at points of its own work, while it runs.
//
//	gateway, built with -tags failpoints          harness
//	  actors  \
//	  cluster  >-- Hit --> Controller <-- Serve <-- JSON lines, one Unix socket a gateway --> Client
//	  spool   /                 `--> Wall, the clock that the gateway takes for that of its machine
//
// [Points] are all there are. A gateway makes its socket, with rights for its own user only, where the variable
// [EnvSocket] says; a build without the tag has neither socket nor points, and they cost it nothing.
//
// A request is one line, and so is its answer:
//
//	{"op":"arm","arm":{"id":"f1","point":"cmd.after-write","device":"rig-7","after":3,"do":"kill"}}
//	{"op":"disarm","id":"f1"}
//	{"op":"hits"}
//	{"op":"clock","clock":{"step":"-8760h","rate":1.5}}
//	{"passed":{"cmd.after-write":12},"armed":[{"id":"f1",...,"seen":2}],"wall":"2025-11-26T05:00:00Z"}
//
// Each answer tells how often points were passed since the process began, what is armed, and what the gateway takes
// for the time; or it has an error, and then nothing was changed.
//
// # What is not promised
//
// The wall clock is what the gateway puts in readings, events and records. The runtime, TLS and what a driver
// asks of the system itself go by the machine's clock.
//
// # Concurrency
//
// All methods of a [Controller] and a [Wall] may be called by any goroutine. A [Client] is used by one at a time.
package failpoint

// Package load uses a fleet while it is broken, as its users would, and writes down what it was told.
//
//	Client   sends commands of all classes, at its own pace whatever comes of them; or, in a closed loop, waits for
//	         each answer, and asks devices for their values
//	RegisterClient
//	         reads and changes what is desired, and reads who owns what, one operation at a time
//	Acks     sees what the hub acknowledges on its way to gateways
//	Sink     reads readings as an application does, each once
//	Watcher  follows who owns what, and what gateways say happens
//
// All of them dial the hubs beside the proxies: what is faulted is never between them and the hub.
//
// # Open loop
//
// A [Client] draws when it sends from its seed, not from the answers: a fleet that stalls finds the commands
// queued that were due. Only when very many are without an answer it leaves some out, and counts them.
//
// # Concurrency
//
// Run of each type is called once. All else may be called concurrently.
package load

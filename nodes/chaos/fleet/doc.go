// Package fleet runs the processes of a fleet that is to be broken: hubs, gateways and simulated hardware,
// each started as a user would start it.
//
//	hub-1 <--proxy-- gw-1 --.
//	      <--proxy-- gw-2 --+--proxy--> hardware (one process, never broken by faults of gateways)
//	      <--proxy-- gw-3 --'
//	      <------ the harness's own clients, beside the proxies
//
// A [Node] is a process by name; each start of it is a run with a number of its own, and logs of its own in
// <folder>/logs. Ports are chosen once and kept. Gateways dial the hubs through a proxy for each pair of both, and
// the hardware through one that tells them apart by what they say first.
//
// # What is left behind
//
// Nothing: [Fleet.Close] ends all processes. If the harness is killed, the kernel of Linux kills its children, also
// those that are stopped, and with them goes what they had in memory for disks. What may be left all the same, on other
// systems, [Cleanup] finds: each child has the name of the run in its environment.
//
// # Concurrency
//
// All methods may be called concurrently, except Start and Close of a [Fleet].
package fleet

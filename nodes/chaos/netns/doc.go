// Package netns gives each gateway of a run a network of its own, in which ways can be cut as in the field: by routes that lead
// nowhere, one way or both, with the connection left alive.
//
//	gw-1 in <run>.gw-1 --veth--.
//	gw-2 in <run>.gw-2 --veth--+-- <run>.router --veth-- the machine's own network: hubs and hardware, behind proxies
//	gw-3 in <run>.gw-3 --veth--'
//
// A gateway has an address for the way to the hub and another one for that to the hardware, and so has the other side: each way
// is cut for itself. What goes up is cut in the gateway's own namespace, what comes down, and what is lost by chance, in the router's. In the machine's own
// there is nothing but one end of a cable and a route to it, which goes with it. Addresses are of 198.18.0.0/15, which is set
// aside for such, and of that a part to which no route leads yet.
//
// All of this needs root, and Linux; [Missing] says why it cannot be had, by trying it. [Names.Remove] needs nothing but names.
//
// # Concurrency
//
// A Network is made and removed by one goroutine; ways may be cut and healed by several, a gateway's by one at a time.
package netns

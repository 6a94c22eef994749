// Package keys reads what a fleet file says to a driver: the address of a device, and the protocol entries of a resource. Both are
// text by key; a driver asks for each key that it knows, and all that is wrong with them is told at once, with its place.
//
//	k := keys.OfAddress("modbus", spec)
//	host, unit := k.HostPort("tcp"), k.Int("unit", 1, 0, 255)
//	problems := k.Problems() // also of keys that nobody asked for
//
// # Secrets
//
// The registry, and all who may read it, see addresses. A password or a private key is therefore never written into one: the address
// says where the gateway finds it ([Secret]), in a file or in its environment.
//
// # Concurrency
//
// A [Keys] is used by one goroutine.
package keys

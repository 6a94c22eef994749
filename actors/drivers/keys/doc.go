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
// says where the gateway finds it ([Secret]), in a file or in its environment. Those who may write addresses need not be those who run the
// gateway, so that it is read only where the latter have said that secrets are ([Places], by roost gateway --secrets): a driver takes that
// from its gateway and hands it on ([Keys.From]). A secret that is elsewhere is an error of its device, roostv1.ErrPermission, and no word of
// it is told, also not whether it is there.
//
//	k := keys.OfAddress("modbus", spec).From(d.Secrets)
//
// Paths that are no secrets ([Keys.File]) lead to what may be known, such as certificates: of their files nothing is shown, and nothing is
// sent that is not a certificate.
//
// # Concurrency
//
// A [Keys] is used by one goroutine.
package keys

// Package discover has what looking for devices has in common, whatever they speak: which addresses may be asked, how fast, and the
// beginning of a fleet file that is made of what answered. The packages below it look: findmodbus, findsnmp, findopcua and findmqtt.
//
// # Promises
//
//   - Nothing is written to any device, ever: what looks has no way to do so.
//   - A search is bounded: [Reach] refuses more than a /16 and addresses that are not of a private network, unless it is told to go there;
//     [Sweep] begins no more than so many addresses a second, and asks so many at a time.
//   - When its context ends a search returns soon, with all that it has found; that is no error.
//   - What is found makes a valid fleet, whatever the devices say of themselves: ids and names are made of what may be in them, and are
//     there once. Kept by TestDraftIsValid and TestAnyText.
//
// # What is not promised
//
// That nobody answers does not mean that nobody is there. A search shows in the logs of firewalls, and some devices, old ones above all, take one
// connection only, or none for a while after one: look when that does no harm.
//
// # Concurrency
//
// A [Draft] is used by one goroutine. All else may be used by several.
package discover

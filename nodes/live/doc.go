// Package live shows a fleet in a terminal, as it is at this moment.
//
//	cluster.Client --Follow--> Board --frame--> terminal <--keys-- a person
//
// Follow keeps the Board up to date: it asks for the devices, reads what is stored, and listens to
// events. Show draws the Board a few times a second, however fast all that changes.
//
// The terminal is driven directly. The usual library for it, bubbletea v1, asks the terminal for its
// colours whenever a program that contains it starts, and waits 5 s for an answer where the
// terminal has none: every `roost devices` would.
//
// # Promises
//
//   - The terminal is left as it was found, however Show ends, short of a kill.
//     Kept by TestTerminalIsLeftAsItWas.
//   - No frame is wider or higher than the terminal. Kept by TestFrameFits.
//
// # Concurrency
//
// A Board may be used by any number of goroutines; Show and Follow run beside each other.
package live

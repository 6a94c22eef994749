// Package channel is the client's end of an OPC UA secure channel (Part 6 of the specification): frames on a TCP connection, their
// signatures and encryption, and requests with their answers.
//
// The types of messages, how requests are encoded, and the algorithms of the security policies are those of github.com/gopcua/opcua. Its own
// channel is not used: it reads what the network sends on a goroutine that nobody can guard, so that a frame which is too short for its signature ends
// the process; it takes whichever certificate the other end shows; it never says why a server closed a connection; and it tells nobody which
// requests never left.
//
// # Promises
//
//   - Nothing that a server sends ends the process: what cannot be read is an error of the request, or of the channel. Frames and messages have
//     limits, so that it cannot take all memory either; see package message.
//   - [ErrNotSent] means that no byte of a request was given to the kernel. A request is sent once.
//   - An answer goes to the request that it names, or to nobody. A late one is thrown away.
//   - With a security policy the other end has the private key of the certificate that was expected of it, and each message comes once, and
//     in order.
//   - After Close no goroutine is left. Close does not wait for the server.
//
// # Concurrency
//
// A [Channel] may be used by any number of goroutines. It has two: one reads, one renews its keys in time.
package channel

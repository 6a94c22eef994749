// Package frame has what passes between a Modbus client and its servers: requests, responses and exceptions, and how they are
// framed over TCP and on a serial line.
//
// The sources are the Modbus Application Protocol Specification V1.1b3, the Modbus Messaging on TCP/IP Implementation Guide
// V1.0b and the Modbus over Serial Line Specification V1.02.
//
// # What is checked
//
// [Request.Append] refuses what the specification does not allow, before a byte is written. [Request.Read] takes only what
// can be the answer to that request: the same function, as many bytes as were asked for, and the same address and value where
// the server repeats them. [ReadTCP] and [ReadRTU] read one frame and not a byte more; of what is no frame they say so with
// [ErrGarbled], after which the stream is out of step, and a client has to begin anew: a TCP client with another connection, a serial
// one after a silence.
//
// Nothing here waits, keeps state or has a goroutine; values may be used concurrently.
package frame

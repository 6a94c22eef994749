// Package proxy is a way between processes that can be broken as networks break.
//
//	who dials --up--> [ listener ]--link--> server
//	          <-down--
//
// A [Proxy] listens in front of a server. Each of its connections belongs to a [Link], by name, and what
// is done to a link is done at once to all of its connections, present and future. The two
// directions of a link are separate, so that a peer may be heard that cannot be reached.
//
//	Stall    nothing is read any more, and nothing is lost: what waits comes through later
//	Discard  what is read is thrown away: the connection is reset when that ends
//	Refuse   who dials is reset
//	Hang     who dials is connected, and hears nothing
//
// A [Trigger] does the same in the middle of the traffic: after so many bytes, or after the k-th message
// of a kind of the NATS protocol. What it does to the other direction is done before that message
// passes, so that a request arrives of which no answer comes back.
//
// A [Tap] is shown the messages of the NATS protocol that it asks for.
//
// # Promises
//
//   - When [Link.Set] returns, nothing passes that the new state does not let through; also not what
//     was read before. [TestStallHoldsAtOnce]
//   - What Stall holds back comes through in order and whole when it ends. [TestStallLosesNothing]
//   - A reset is a reset: the peer gets RST. [TestResetIsAReset]
//
// # What is not promised
//
// The kernel on this side of a link acknowledges what nobody reads, until its buffers are full. A process
// that dials while all is stalled is connected, and hears nothing, where a network would not have connected it.
//
// # Concurrency
//
// All methods may be called concurrently; [Proxy.Run] once.
package proxy

// Package peertest starts the programs that drivers are tested against: a broker, an agent, a device by somebody else's library. They are
// processes of their own on loopback, which a test can pause, kill and start again at the same port, and which end with it.
//
//	peertest.Need(t, peertest.Program("mosquitto", "mosquitto"))
//	at := peertest.FreeAddress(t, "tcp")
//	broker := peertest.Start(t, peertest.Command{
//		Name: "mosquitto", Args: []string{"-p", peertest.Port(at)}, Ready: []peertest.Ready{peertest.Listens(at)},
//	})
//	broker.Pause(t)   // it hangs: its port takes connections, and nothing is answered
//	broker.Resume(t)
//	broker.Kill()
//	broker.Restart(t) // with the same arguments
//
// # Promises
//
//   - A test whose peer is not installed is skipped, and says why; where the environment has ROOST_PEERS, it fails ([Need]).
//   - [Start] and [Peer.Restart] return when the peer can be used, or fail the test with what the peer has said.
//   - A peer ends with its test, and its children with it, also those of one that has ended by itself; on Linux the peer ends also when the
//     test's process is killed.
//
// # What is not promised
//
// A free address is free when it is returned, and is not one from which connections go out, so that only another listener can take it.
// On Windows nothing can be paused: the test is skipped; and children are not killed. A child that has made a group of its own is no longer the
// peer's.
//
// A program that changes its user outlives a test's process that is killed: Linux then forgets whose end it was to follow. mosquitto does so if root
// starts it; its configuration has to say "user root".
//
// # Concurrency
//
// The methods of a [Peer] are called by one goroutine at a time, except [Peer.Output].
package peertest

// Package clustertest gives tests a real hub: a nats-server with a file store that
// syncs every write, on a loopback port of its own, in a folder that goes away with
// the test.
//
//	hub := clustertest.Start(t)          // inside the test process
//	nc := hub.Connect(t)
//	hub.Restart()                        // same store, same port
//
//	hub := clustertest.StartProcess(t)   // a process of its own, that can be killed
//	hub.Kill()                           // as kill -9 does
//	hub.Restart()
//
//	hub := clustertest.StartThree(t)     // three servers in processes of their own
//	hub.Kill(hub.Leader(stream))
//	hub.Pause(1)                         // as a machine that hangs does
//	hub.Continue(1)
//
// StartProcess and StartThree run the test binary once more, so the package under test needs
//
//	func TestMain(m *testing.M) { clustertest.Main(m) }
//
// Everything that is started is stopped by the test's Cleanup. Methods that cannot do
// their work end the test; none of them may be called concurrently.
package clustertest

// Package hub runs the NATS server with JetStream that gateways dial, inside the
// process that opens it.
//
//	<data>/lock            held for as long as the hub is open; names the process
//	<data>/mode            what kind of hub the folder belongs to: "standalone"
//	<data>/js-standalone   the streams of a hub that runs alone
//
// # Promises
//
//   - What JetStream acknowledged is synced to disk: it survives kill -9 and, on a
//     disk that does not lie about syncing, a power failure.
//     Kept by TestAcknowledgedSurvivesKill.
//   - One hub a data folder: a second one is refused, in the same process or in
//     another. Kept by TestFolderInUse.
//   - It listens on loopback only. An address that other machines could reach is
//     refused, since a hub has no authentication. Kept by TestListenBeyondLoopback.
//   - A hub that cannot open says why in one line and leaves the folder as it was;
//     the reason is one of the Err values, so that a program can choose an exit code.
//   - Close returns within its bound, whatever the clients do.
//     Kept by TestCloseWithSilentClient.
//
// # Not promised
//
// A hub whose disk fills up, or fails, stops storing until it is opened again, even
// if space becomes free: a stream stays frozen after its first failed write, which
// keeps what it holds intact. Watch reports it. A lost disk is lost data.
//
// # Concurrency
//
// All methods may be called concurrently. Open returns a hub that serves, or one
// error. Clients should be closed before Close, and Close called last. The
// goroutines of a hub end when Close has returned nil.
package hub

// Package hub runs the NATS server with JetStream that gateways dial, inside the
// process that opens it. It runs alone, or is one of three that hold the same streams:
// then any one of them may fail, and what two of them have is not lost.
//
//	<data>/lock               held for as long as the hub is open; names the process
//	<data>/mode               what kind of hub the folder belongs to: "standalone" or "cluster-<name>"
//	<data>/security           who may use the hub, and its certificates; see package guard
//	<data>/js-standalone      the streams of a hub that runs alone
//	<data>/js-cluster-<name>  the streams of one of three
//
// # Promises
//
//   - What JetStream acknowledged is synced to disk: it survives kill -9 and, on a
//     disk that does not lie about syncing, a power failure.
//     Kept by TestAcknowledgedSurvivesKill.
//   - One hub a data folder: a second one is refused, in the same process or in
//     another. Kept by TestFolderInUse.
//   - Without users it listens on loopback only, for clients and for the other two. An address that
//     other machines could reach is refused.
//     Kept by TestListenBeyondLoopback and TestClusterRefuses.
//   - With users it lets in nobody else, of three hubs neither: TestListenWithUsers and TestTrioWithUsers. Who is
//     enrolled or revoked while it runs is let in or cut off within seconds, and nobody else
//     notices. A users file that is broken changes nothing. Kept by TestUsersFollow and TestUsersBroken.
//   - Two of three serve, also when the third has never been there.
//     Kept by TestTwoOfThree.
//   - A folder is opened only by a hub of its kind: the server would delete the streams in it.
//     Kept by TestModes.
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
// The way from one hub to three is a new folder for each of them: streams are not taken along.
// In a cluster a stream that only one server holds may freeze without Watch seeing it;
// Roost makes none.
//
// # Concurrency
//
// All methods may be called concurrently. Open returns a hub that serves, or one
// error. Clients should be closed before Close, and Close called last. The
// goroutines of a hub end when Close has returned nil. Users are followed by one goroutine, which looks at the files
// every second.
package hub

// Package cluster is everything that Roost does over NATS: the registry of devices, who owns
// which, readings, requests, and the client for all of it.
//
//	             control stream                     readings stream
//	  spec.profile.*  spec.device.*                   reading.<device>
//	  member.<gateway>    own.<bus>                          ^
//	     |  ^        ^                                       |
//	     v  |        |                                       |
//	Follower|     Registry <- Client -> Readings iterator    |
//	     |  |                   |                            |
//	     v  |                   v  api.send                  |
//	Picture |  custody       ingress                     Readings
//	     `--+----'  | Assign    | Execute                    ^ Store
//	                v Withdraw  v                            |
//	              Host ......... the gateway's actors .......'
//
// The control stream puts all decisions of a fleet in one order. Every gateway follows it and
// holds the same Picture in memory. A picture is always a little out of date, so it serves only to
// decide what to try: what is true is decided by compare-and-set writes, each of which
// names the record that it replaces.
//
// What actors ask devices of other gateways goes beside all that, over core NATS: [Peers].
//
// # Promises
//
//   - A bus has one owner, and its epochs only grow (TestGatewayContest, TestGatewayEpochsGrow).
//   - The Host is given a bus only when the claim has come back through the picture: nothing
//     that was written before the claim is then missing from it.
//   - A reading that was acknowledged is stored, once, whatever happened to the hub in
//     between (TestReadingsHubKilled, TestReadingsDoubtOutlivesIDs).
//   - A write whose answer was lost is read back, and counts once (TestLostAnswer).
//   - A record that cannot be used is reported once, and harms nothing else (TestPictureBadRecords).
//   - A request is answered, whatever the Host does (TestIngressAlwaysAnswers).
//   - What an actor asks a device ends once, by a deadline: with its answer, or an error that says whether
//     it may have been carried out (TestPeersDeadline, TestPeersLoseTheOwner, TestPeersWithoutHub).
//   - What is read twice is yielded once, and what is missing is told (TestCompletenessFindsEverything).
//
// # Limits
//
// A gateway takes a bus that is nobody's, or that was its own in an earlier run. It does not take one
// from a gateway that died: that needs leases. Commands are passed to the owner and are
// not journalled. A profile and the devices that have it are checked against each other when one of them
// is written; two writers at the same moment can still make them disagree, and the device is then
// not served, and reported. Events are kept by nobody.
//
// # Concurrency
//
// Whatever has a Run starts its goroutines there and returns when all of them have ended. All other
// exported methods may be called by any goroutine, except where they say otherwise; none of the
// callbacks that they take (done, report) may block.
//
// Within a Gateway one goroutine follows the stream and never waits for anybody: it marks what
// changed, and custody takes all that was marked at a time of its own. Custody is one goroutine too; it
// alone writes owners and calls Assign and Withdraw, up to sixteen at a time for different buses.
// Each request has a goroutine, and their number is bounded.
//
// At the end the order is turned around: buses are put down and handed over, requests refused, the
// member recorded as gone; the lease, the picture and the events last to the end. Stop Readings after the
// Gateway, so that the devices' last readings are stored.
package cluster

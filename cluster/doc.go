// Package cluster is everything that Roost does over NATS: the registry of devices, who owns
// which, readings, requests, and the client for all of it.
//
//	             control stream ------------------> commands stream      readings stream
//	  spec.profile.*  spec.device.*  spec.desired.*    (the history)       reading.<device>.<gateway>
//	  member.<gateway>    own.<bus>                         |                    ^
//	  cmd.<device>.<id>   cancel.<device>.<id>              |                    |
//	     |  ^        ^        ^                             v                    |
//	     v  |        |        |       Registry <------- Client -----> Readings iterator
//	Follower|        |        |                   api.send | api.command api.cancel
//	     |  |        |        |                            v
//	Picture-+--> keeper --.   `-- Journal <--- Submit <- ingress             Readings
//	     |    lease, fence |        ^  `------------------.                      ^ Store
//	     |                 v        |                     |                      |
//	     +-----------> custody      | Record              | answers              |
//	     |        Assign | Withdraw |                     |                      |
//	     |               v          |                     |                      |
//	     `-> desk ---> Host ........'.... the gateway's actors ..................'
//	     |   Commands                                     |
//	     `------------------------------> waits ----------'
//
// The control stream puts all decisions of a fleet in one order. Every gateway follows it and
// holds the same Picture in memory. A picture is always a little out of date, so it serves only to
// decide what to try: what is true is decided by compare-and-set writes, each of which
// names the record that it replaces.
//
// The keeper renews the gateway's lease, shuts its [Fence] when that is not renewed in time, and ends
// the leases of gateways that fell silent; package lease has the rules, and the proof. Custody brings
// the buses to where package placement says: it claims what is free, hands over what others should
// own, and has the Host serve what is this gateway's.
//
// A command is a record of the control stream. Whatever gateway takes it writes it down, where nothing is recorded
// under its id; then every picture has it, and the desk of the gateway that owns the device's bus hands it to the Host.
// From then on only that owner writes the record, through its [Journal], and the hub takes it only while the bus has
// had no other owner since. Whoever waits for the end is told by the picture of the gateway that he asked. A
// cancellation is a record beside it, on which the owner acts. The hub itself copies all records to the history.
//
// A hub that knows users by name has streams and talk in accounts of their own, so there are two connections; see
// [Link]. It lets everybody speak only as himself, and the name is in the subject: that is the identity in a record, and
// nothing that a message says. [Rights] hold who is limited to some devices to those: when a command is submitted, and
// at the owner before it is sent. Package access has the credentials.
//
// What actors ask devices of other gateways goes beside all that, over core NATS: [Peers].
//
// # Promises
//
//   - A bus has one owner, and its epochs only grow (TestGatewayContest, TestGatewayEpochsGrow). It
//     is never served twice under one (TestNeverServedTwiceUnderOneEpoch).
//   - What a gateway had that died, hangs or is cut off is served by others, and not before its fence
//     has shut (TestFailover). A hub that is away costs nobody anything (TestHubAwayEvictsNobody).
//   - Who drains, leaves or joins hands over, or is handed, bus by bus; what hangs holds up nothing
//     else (TestDrainAndLeave, TestJoinGetsItsShare, TestHangingBusDelaysNobodyElse).
//   - A gateway's name is for one process at a time (TestSecondProcessIsRefused).
//   - A bus that only one gateway can reach is never put down for a lease (TestAttachedGoesOn).
//   - The Host is given a bus only when the claim has come back through the picture: nothing
//     that was written before the claim is then missing from it.
//   - A reading that was acknowledged is stored, once, whatever happened to the hub in
//     between (TestReadingsHubKilled, TestReadingsDoubtOutlivesIDs).
//   - Readings that were made before the hub's time was known can be put on it later, within the bound that they
//     then tell, and no others (TestCorrect, TestCorrectLeavesOthersAlone).
//   - A write whose answer was lost is read back, and counts once (TestLostAnswer).
//   - A record that cannot be used is reported once, and harms nothing else (TestPictureBadRecords).
//   - A command is on the hub's disk before its sender is told of it (TestAcceptedIsDurable). The same id and body is
//     the same command, another body a conflict (TestSameCommandAgain).
//   - Who owned a bus before can record nothing about its devices (TestJournalFence), and no late copy of a record
//     takes back a later one (TestJournalLateCopy).
//   - A command is handed to the Host once under an epoch, and all that are open to the next owner, in their order
//     (TestCommandsAreHandedOnce); also through a hub that fails (TestCommandsThroughElection).
//   - What was given to the Journal is tried until its outcome is certain (TestJournalLostAnswers).
//   - Who sends a command is answered at most a second after his wait, whatever the Host does
//     (TestSubmitWithoutHub, TestWaitsHoldNothing), and a flood is refused (TestFloodIsBounded).
//   - A command that nobody can carry out ends when it has expired (TestCommandsWithoutOwnerEnd).
//   - The history has each command's last record, for longer than the control stream (TestHistory,
//     TestHistoryOutlivesTTL).
//   - A gateway that starts while the hub is away serves what only it can reach, from the registry that it stored, and
//     touches nothing else (TestStartsWithoutTheHub, TestSharedIsNotServedWithoutTheHub).
//   - A command that it takes meanwhile is on its disk before anything is done, and ends once: its record goes to the hub
//     when that is back, and only then leaves the disk (TestLocalCommand, TestFileStaysUntilMerged, TestOneIDTwice). Its
//     times are durations on the clock that counts from the machine's boot (TestLocalCommandAfterBoot).
//   - What an actor asks a device ends once, by a deadline: with its answer, or an error that says whether
//     it may have been carried out (TestPeersDeadline, TestPeersLoseTheOwner, TestPeersWithoutHub).
//   - A record says who submitted a command, and nobody passes for another one (TestSubmittedBy, TestForgedIdentity).
//     Who may not command a device leaves no record, and no byte is sent for him (TestLimited, TestRights).
//   - A gateway answers in inboxes only (TestReplyElsewhere).
//   - What is read twice is yielded once, and what is missing is told (TestCompletenessFindsEverything,
//     TestCompletenessOfManyEpochs).
//
// # Limits
//
// Who moves an attached device to another gateway's list while its own is cut off has two that
// serve it until the first is back: a lease does not bind what runs without one. A profile and the
// devices that have it are checked against each other when one of them is written; two writers at the
// same moment can still make them disagree, and the device is then not served, and reported. Events are
// kept by nobody.
//
// A device's queue limit is counted by each gateway in its own picture: gateways that take commands for it in the same
// moment can exceed it by what each of them has on its way. An id means its command for as long as its record is kept
// (Schema.CommandDedup after its end); later the same id is a new command. Two gateways of which one does not see yet
// that the other lives may both end a command that has no owner: in the same way, under the same fence. A copy of a
// record that is held up for longer than a minute is told from a new one no more.
//
// Gateways trust each other: one whose credentials were stolen can write records of any device and member. What it
// sends is told from what others send.
//
// What a gateway without the hub knows of the ids of commands is what it has on its disk, and what was open at the hub: an
// id that the hub knew, and that has ended, it takes anew. Of the two records the hub's stays, and the other is kept
// beside it. What is learned of a command after its record was merged is not added to that any more. A command that was
// taken before the machine was off, and was not sent, has expired: nobody knows for how long that was.
//
// # Concurrency
//
// Whatever has a Run starts its goroutines there and returns when all of them have ended. All other
// exported methods may be called by any goroutine, except where they say otherwise; none of the
// callbacks that they take (done, report) may block.
//
// Within a Gateway one goroutine follows the stream and never waits for anybody: it marks what
// changed, and keeper and custody take all that was marked at a time of their own. Each of them is
// one goroutine too, which waits neither for the hub nor for devices: answers come back to the
// keeper, and custody has owners written by one goroutine beside it, in groups, and buses put down by
// many, one thing at a time for each bus. The keeper is never asked for anything by who holds a lock, and
// tells where the gateway stands by a value that others read. When the lease is lost, custody
// puts down all that others may own, and only then lets the keeper begin anew.
//
// The desk hands commands to the Host in a goroutine of its own, beside custody, which tells it what the Host has. The
// Journal has one goroutine, which sends and takes answers and waits for none; one record of each bus is on its way at
// a time. Each request has a goroutine while it is looked at, and their number is bounded; callers who wait for a
// command have none, and one goroutine answers all of them.
//
// At the end the order is turned around: buses are put down and handed over, requests refused, the
// member recorded as gone; the lease, the picture, the journal and the events last to the end. Stop Readings after the
// Gateway, so that the devices' last readings are stored.
package cluster

// Package actors runs the devices of one gateway as supervised actors, on the actor package
// of protoactor-go.
//
//	gateway (root: opens and closes buses, never dies of a child)
//	 `- bus            one per assigned bus: gives turns on the medium
//	     `- supervisor one per device: keeps what must outlive a restart
//	         `- device  one incarnation: opening -> online <-> offline, until it fails
//
// [Gateway] is the door: it is assigned buses, executes commands, tells statuses and events,
// and hands readings to a [Store]. Code that speaks to hardware is a [Driver]. The package knows
// neither NATS nor who decided that a bus is to be served here.
//
// # A reading
//
// A session samples, polled in its turn on the bus or pushing beside it. The device actor notes
// that the device lives, and hands the samples to its supervisor. That checks them against the
// profile (type, limits, deadband, heartbeat), numbers what is to be published, and keeps it in
// the outbox until the store has acknowledged it. One batch of a device is on its way at a time;
// what piles up meanwhile goes in the next.
//
// A batch carries the hub's time where the [Clock] knows it, else this machine's wall clock, and says which; and
// always the [BootClock], on which all of its readings are placed. Times in statuses and events are by this machine's wall
// clock: they are for people, and nothing is decided by them.
//
// # A command
//
//	Commands --> root --> bus --> supervisor: queue, by priority and as the hub stored them
//	supervisor --> device --> bus's turn --> permit --> Journal: DISPATCHED --> driver --> supervisor
//	supervisor: [confirmed by the device] --> Journal: the end --> who waits
//
// Commands that have not ended are handed over ([Gateway.Commands]) with their records, which the [Journal]
// keeps. The supervisor validates each, queues it, and gives it to the device actor when the device answers.
// That asks the bus for a turn, where commands go before polls. In its turn the call takes the command's
// permit; whoever wants the command not to be sent (its expiry, a cancellation, a restart, a stop) takes
// the permit back. One of the two succeeds, once. Then DISPATCHED is recorded and waited for; fence, context
// and deadline, which the hub's [Clock] tells, are asked once more; and the driver acts. An attempt that ends
// before that has certainly sent nothing: once it is known what became of its intent, the command
// is tried again, or FAILED with no effect.
//
// What the driver answers decides the outcome. A command that is to be confirmed stays the device's present
// one until a read-back, or a report, shows what was written. Where nothing is certain the outcome is
// UNKNOWN, and others go on: a late answer may settle it, or, for an ABSOLUTE write, what the device shows,
// unless a later command has written that; else it ends INDETERMINATE after 10 s. Nobody is told of an end
// before it is durable.
//
// The next owner goes on with every open command: what waits, waits there; what was DISPATCHED is sent again
// where twice is the same as once, and else UNKNOWN.
//
// # What is desired
//
// What an operator desires of a device comes with the assignment. While the device takes commands, and reports
// something else, its supervisor has a command accepted that sets it, as anybody could; one at a time, with a
// delay that grows.
//
// # A device's PID
//
// [Gateway.PID] is the PID of a device wherever in the fleet it is served. It resolves to one process
// that lives as long as the gateway and looks for the device at each message: one that is served here
// is asked without marshalling, another over the [Peers]. Actors that ask are the program's
// own: [Gateway.Spawn] runs them beside the devices.
//
//	actor --Read, Command--> PID --here--> supervisor
//	                          `--elsewhere--> Peers --> Deliver of that gateway --> supervisor
//
// # Promises
//
//   - A device that fails (error, panic, hang, stale data) is restarted with a delay that grows, and
//     then tried slowly in quarantine; each failure is an event with its reason, the number of
//     the attempt and the delay. It is never given up silently.
//     [TestFailureOfOneDeviceIsItsOwn], [TestQuarantineProbesSlowlyAndEndsWithAGoodProbe]
//   - No driver stops the gateway, or delays devices on other buses; on its own bus a device that
//     does not answer takes a sixth of the time at most, commands for it included, and less the longer it is silent.
//     [TestDeadDeviceOnABusCostsABoundedShare], [TestNineOfTen], [TestCommandsOfDeviceThatRests], [TestBabblingDevice]
//   - A command gets exactly one final record. EXPIRED, REJECTED, CANCELLED and SUPERSEDED mean that no
//     byte was sent. What is not ABSOLUTE is sent once at most, whatever the Journal, the lease, the
//     device and the owner do meanwhile.
//     [TestOutcomes], [TestLateOnTheBusIsExpiredNotSent], [TestEveryCommandIsAnsweredWhenTheGatewayStops],
//     [TestAtMostOnceWhateverTheJournalDoes], [TestTakeover], [TestCommandIsHandedOverToTheNextSupervisorOnce]
//   - DISPATCHED is durable before the first byte, and an end before anybody hears of it.
//     [TestIntentIsDurableBeforeTheFirstByte], [TestNothingIsSentAfterAnIntentThatCameLate], [TestEndIsDurableBeforeItIsTold]
//   - Times of commands are the hub's: no wall clock of a gateway takes part. [TestTimesAreTheHubs]
//   - No step of a wall clock changes what is published, in which order, or how far apart readings are.
//     [TestReadingsAreOnTheHubsClockOnceThatIsKnown], [TestOneBatchIsOnOneClock], [TestWallClockDecidesNothing]
//   - SUCCEEDED says how it is known; FAILED what was applied; UNKNOWN is settled by what the device shows,
//     never by what another command did. [TestReadbackConfirms], [TestDeviceReportedConfirms], [TestUnknownIsSettledByReadback]
//   - A hand-over ends what is on the wire, and leaves the rest to the next owner.
//     [TestHandOverKeepsTheQueue], [TestHandOverKeepsWhatIsUnknown]
//   - What is desired comes about again after a restart, a takeover, and a hand at the device. [TestDesiredStateIsKept]
//   - Every reading that was dropped, and every poll that was skipped, is declared in the stream; a
//     reader can prove from the sequences that it has all the rest.
//     [TestCompletenessWhateverTheStoreDoes]
//   - Withdraw returns nil, and a bus is opened under another epoch, only when each driver call has
//     returned or was abandoned; a session that opened too late for anybody is closed.
//     [TestWithdrawWaitsForTheDriver], [TestNewEpochWaitsForTheDriver],
//     [TestSessionThatOpensDuringTheWithdrawalIsClosed]
//   - One PID reaches its device before and after the device moves, and each request gets one answer, in
//     time; who watches hears once of the device's end. [TestPIDOfADeviceElsewhere], [TestPIDRefuses],
//     [TestPIDTellsOfASlowCommand], [TestWatchOfADevice]
//   - An actor of the program that panics is made anew and harms nobody; one that hangs does not keep
//     the gateway. [TestActorThatPanicsIsMadeAnew], [TestActorThatHangsDoesNotKeepTheGateway]
//   - [Gateway.Run] ends within StopTimeout and a little, whatever a driver does.
//     [TestStopIsBoundedWhateverTheDriverDoes]
//
// # What is not promised
//
// A driver call that ignores its context goes on: it is abandoned, counted and told of, and after
// four of them the device is left alone. Nothing can end a goroutine from outside, so such a call
// may still touch the device; Withdraw returns all the same. Readings are kept in memory here: those
// that the store has not acknowledged are lost with the process. Without a Journal so are commands: after
// a restart of the process, a repeated id is a new command. The hub's time is known to some milliseconds: a command
// may be dispatched so much too late.
//
// # Concurrency
//
// All methods of [Gateway] may be called by any goroutine. State belongs to an actor and is touched
// only in its Receive, which never waits: driver calls run in goroutines of their own, under a
// context with a deadline, and their end comes back as a message. PIDs are never used again, so a
// message reaches the incarnation that it was meant for, or nobody; what must be answered is
// answered also then. The hooks that are called by actors ([Config].Events, [Store].Store, [Journal].Record,
// [Submitter].Submit) must not block. A command's record is its supervisor's; the call that dispatches it
// reads it once, while it takes the permit, which the supervisor respects.
//
// # What is used of protoactor
//
// Its actor contexts, process registry, props and the interfaces for mailboxes, dispatchers and
// supervisor strategies. Mailbox, dispatcher and strategy are our own: the stock mailboxes drop,
// spin or never refuse, a stopped actor's messages disappear, the backoff is not exponential, and
// a restart that waits in a timer can start an actor that has been stopped meanwhile. Its Future,
// Stash, metrics, remote and cluster are not used.
package actors

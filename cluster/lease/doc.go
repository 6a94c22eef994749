// Package lease decides when a gateway may act, and when a peer may say that it must not any more.
// It is all rules and no I/O: it is told what happened and when, and answers what to do.
//
//	              ordered                    fence = ordered + Lease
//	gateway X   ----|--------------------------|
//	                 \  may act                 may not act
//	hub         ------*r-------------------------------------*e--------->
//	                    \                                   /  e replaces r, or is refused
//	peer P      ---------|---- Lease + Margin -------------|
//	                  received                           tries
//
// Its parts:
//
//   - Holder is the side of the gateway that acts: when to renew, until when to act, what an
//     answer of the hub means and what its absence does.
//   - Evictor is the side of its peers: whom to try to evict, and when.
//   - Sight tells whether the own picture of the stream still moves.
//   - Record.Standing tells whether the owner of a bus is gone.
//
// What a driver does, each time with the boot clock read after it heard of the event:
//
//	timer at Next, or earlier         Holder.Tick, Evictor.Due
//	the hub answered a write          Holder.Acked and Sight.Acked, or Holder.Refused
//	the hub answered a read           Holder.Saw
//	a record of gateway M came by     Evictor.Saw; and if M is this gateway also Holder.Saw, and
//	                                  Evictor.Renewed with what Holder.Sent says about it
//	any record came by                Sight.Passed; then Evictor.Due
//
// # Why two never act at one time
//
// All records of one gateway are on one subject, and each is written expecting the sequence of the one
// before it. The hub accepts one write for each expectation, so they are a chain, with one end.
//
// A gateway X in one incarnation may act until its fence. Each fence came from a record of X that
// the hub accepted, and is Lease after the moment at which X, on its own clock, *ordered* that
// record: before it was sent, so before it was accepted.
//
// A peer P evicts X by a record e in place of a record r, the last of X that P received. Say the hub
// accepts e. Then r was the end of the chain, and every record of X that was ever accepted is r or one
// before it. All of them were ordered before P received r. X's fence is at most Lease later, on
// X's clock. P sent e at least Lease + Margin later, on P's clock. As long as no clock runs
// wrong by more than Terms.RateError, X's fence has passed, in true time, when e is accepted; and
// no record of X can be accepted after e. So X does not act again in this incarnation.
//
// If the hub refuses e, X has renewed, or somebody else was faster. Nothing has happened.
//
// A bus has one record, with its owner's incarnation, and others may replace that only when
// the incarnation is over: it was evicted; or it left, after it had put everything down; or it was
// replaced by another process of the same gateway that holds the lock which only the death of the first
// could free. The owner itself may replace it too, by handing over, after it has put the bus down.
// Since each of these writes also expects the sequence of the record before it, of many who try one
// succeeds. So whoever believes to own a bus by a record that was replaced has no right to act any
// more when it is replaced. TestLaws plays this in random worlds; TestMutants shows that it fails
// there if any of the rules is left out.
//
// # What is assumed
//
// Of the hub: that compare-and-set on a subject is linearizable, that a stream has one order, and that what
// was accepted is not taken back. Of the clocks: that they count suspended time, and that in a true
// time T each goes on by T(1-e) to T(1+e), with e = Terms.RateError, a ninth by default. (Linux
// lets nobody change a clock's rate by more than 10.05 %.)
//
// Nothing else is: not that clocks agree, or keep agreeing; no bound for the delay of a message, or
// of a process between any two of its instructions; not that messages keep their order, come, or come
// once; not that a read is up to date, or a picture. No time of the hub takes part.
//
// # What is promised besides
//
//   - Whatever happens to the hub, and for however long, evicts nobody: see Evictor. A gateway that was
//     suspended meanwhile acts again with its next renewal, with nothing torn down. TestOutage.
//   - A gateway that died, is stopped or is cut off is evicted at most Lease + Margin, and three
//     messages, after its last record was received, if a peer is well and the hub is
//     there. TestLaws; TestFailover measures it.
//
// # What is not promised
//
//   - MayAct is asked before an act, not during it. A frame that was handed to the kernel or to a
//     serial converter before the process was stopped is sent when it is sent.
//   - A virtual machine that is frozen together with its clock, or brought back from an image, does not
//     know how late it is, and acts until it hears of its loss. Then only the fence at the hub
//     stands: the record that must precede every command is refused.
//   - If the hub forgets what it accepted, or gets another stream, sequences start over and the holder
//     waits for ever. Whoever notices another stream starts a new holder.
//   - A gateway that is further from the hub than its lease is long can renew, but not act: see
//     Holder.Late.
//
// # Concurrency
//
// Nothing here locks, waits or starts anything. One goroutine at a time uses a Holder, an Evictor or a Sight.
// It publishes Fence to whoever acts, and these compare it with a clock of their own reading: a timer does
// not do, since the timers of Go stop while the machine is suspended.
package lease

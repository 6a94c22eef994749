package lease

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Holder is the holder's side of a lease, for one incarnation. It does nothing itself: it is told what
// happened, and says what to do. One goroutine at a time uses it.
//
// It knows the sequence of the last own record, and renews by writing the next one in its place. So the
// accepted writes of a subject are a chain, and each answer of the hub means one thing:
//
//   - accepted: nobody else has written, and the fence moves to ordered + Lease;
//   - mismatch: the chain has gone on, by an own write whose answer was lost or by somebody
//     else. A read tells which: a record further along the chain is proof, however old the
//     read may be, and any other is no news;
//   - no answer, or in flight: nothing is known, and the next write asks again with the same
//     expectation. It can do no harm: of all writes with one expectation the hub accepts one.
type Holder struct {
	terms       Terms
	incarnation string
	ended       []string

	phase   phase
	state   roostv1.MemberState // of the records to write
	expect  uint64              // sequence of the record to replace. Invariant: only grows
	doubt   bool                // the hub has said that the last record is not at expect
	fence   boottime.Instant    // end of the right to act. Invariant: only grows until the lease is given up
	granted bool                // there was a fence already
	late    int                 // own records in a row that came too late to act on
	blocker Record              // the last that was seen in the way, while looking
	next    boottime.Instant    // when to write; while looking, when to read
	sends   sends
}

type phase uint8

const (
	looking   phase = iota // no write was ordered: first the name must be free
	joining                // one was, and none is known to have landed
	holding                // the fence was ahead when last looked at
	suspended              // it was not
	leaving                // the last record is on its way
	finished               // lost or departed
)

// NewHolder returns the holder of a lease for an incarnation, which must be unlike all that there
// were. ended names incarnations of which the caller knows for certain that they have stopped
// to act: those that this very process has given up, and those of earlier processes on the same
// data folder, in the same boot of the kernel, if this one holds the lock of the folder. Their
// records are replaced at once.
//
// The error is ErrInvalid, and says what is wrong with the arguments.
func NewHolder(terms Terms, incarnation string, ended ...string) (*Holder, error) {
	if err := terms.Validate(); err != nil {
		return nil, err
	}
	if incarnation == "" {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "incarnation is empty")
	}
	return &Holder{
		terms:       terms.withDefaults(),
		incarnation: incarnation,
		ended:       slices.Clone(ended),
		state:       roostv1.MemberState_MEMBER_STATE_LIVE,
	}, nil
}

// Fence is the instant from which the gateway must not act; zero if it must not act at all.
func (h *Holder) Fence() boottime.Instant { return h.fence }

// MayAct reports whether the gateway may act at this instant, which must have been read after
// everything else that decides about the act.
func (h *Holder) MayAct(now boottime.Instant) bool { return now.Before(h.fence) }

// Late is how many own records in a row were accepted, but too late to act on. A gateway for which it
// grows has a hub that is further away than its lease is long. It cannot act, and nobody
// evicts it: it should drain, so that its buses go to others.
func (h *Holder) Late() int { return h.late }

// Blocker is the record of another incarnation that is in the way of joining; zero if none is.
func (h *Holder) Blocker() Record { return h.blocker }

// Sent returns when the write with that number was ordered; false if it never was, or too long
// ago to matter.
func (h *Holder) Sent(renewal uint64) (boottime.Instant, bool) { return h.sends.at(renewal) }

// Next is when Tick is to be called at the latest; false if never.
func (h *Holder) Next() (boottime.Instant, bool) {
	if h.phase == holding {
		return min(h.fence, h.next), true
	}
	return h.next, h.phase != finished
}

// Tick tells that time goes on. It may be called at any time.
func (h *Holder) Tick(now boottime.Instant) Step {
	if h.phase == looking && !now.Before(h.next) {
		h.next = now.Add(h.terms.Interval())
		return Step{Action: ReadRecord}
	}
	var step Step
	if h.phase == holding && !h.MayAct(now) {
		h.phase, step.Change = suspended, Suspended
	}
	return h.due(now, step)
}

// Acked tells that the hub accepted a write, and which sequence its record has. It may come late, and
// more than once.
func (h *Holder) Acked(now boottime.Instant, w Write, sequence uint64) Step {
	if h.phase == finished || sequence <= h.expect {
		return Step{} // the record is known, or was replaced by a later one of one's own
	}
	return h.landed(now, sequence, w.State, w.ordered)
}

// Refused tells that the hub refused a write.
func (h *Holder) Refused(now boottime.Instant, w Write, why Refusal) Step {
	if h.phase == finished || w.Expect < h.expect {
		return Step{} // what came in its place is known
	}
	if why == Mismatch {
		h.doubt = true
		return Step{Action: ReadRecord}
	}
	h.hurry()
	return h.due(now, Step{})
}

// Saw tells of a record on the gateway's own subject, read back or come with the picture; the zero
// Record tells that there is none. It may be out of date, and may come more than once.
func (h *Holder) Saw(now boottime.Instant, r Record) Step {
	switch {
	case h.phase == looking && r.Sequence >= h.blocker.Sequence:
		return h.meet(now, r)
	case h.phase == looking || h.phase == finished:
		return Step{}
	case r.Sequence <= h.expect:
		return h.unhelpful(now)
	case r.by(h.incarnation):
		ordered, _ := h.sends.at(r.Renewal)
		return h.landed(now, r.Sequence, r.State, ordered)
	}
	// Somebody else has written after what this holder expected. It may be that an own write landed
	// in between and was ended by that: even one that only meant to join must not try again.
	return h.end(Lost)
}

// Drain makes the records say from now on that the gateway takes no new buses.
func (h *Holder) Drain(now boottime.Instant) Step {
	if h.state != roostv1.MemberState_MEMBER_STATE_LIVE {
		return Step{}
	}
	h.state = roostv1.MemberState_MEMBER_STATE_DRAINING
	if h.phase != looking && h.phase != finished {
		return h.write(now, Step{})
	}
	return Step{}
}

// Leave gives the lease up. All that is done under it must have stopped before: from this call on
// there is no right to act, and once the record says so others take the buses.
func (h *Holder) Leave(now boottime.Instant) Step {
	switch h.phase {
	case leaving, finished:
		return Step{}
	case looking:
		return h.end(Departed)
	}
	h.phase, h.fence, h.state = leaving, 0, roostv1.MemberState_MEMBER_STATE_LEFT
	return h.write(now, Step{})
}

// meet takes notice of the record that has the name before this holder writes the first time.
func (h *Holder) meet(now boottime.Instant, r Record) Step {
	if !r.live() || slices.Contains(h.ended, r.Incarnation) {
		h.phase, h.expect, h.blocker = joining, r.Sequence, Record{}
		return h.write(now, Step{})
	}
	known := h.blocker.Incarnation == r.Incarnation && h.blocker.Sequence > 0
	h.blocker = r
	if known {
		return Step{}
	}
	return Step{Change: Blocked}
}

// unhelpful takes notice of a record that is no news. If it was read to settle a doubt, the read was
// out of date, and the next write leads to another one.
func (h *Holder) unhelpful(now boottime.Instant) Step {
	if h.doubt {
		h.doubt = false
		h.hurry()
	}
	return h.due(now, Step{})
}

// landed takes notice of an own record and of when it was ordered; zero if that is not known.
//
// The fence is sound even if the record was replaced by now: who evicts must first have received
// this record, or one that came after it, and then wait for more than a lease.
func (h *Holder) landed(now boottime.Instant, sequence uint64, state roostv1.MemberState, ordered boottime.Instant) Step {
	h.expect, h.doubt = sequence, false
	if state == roostv1.MemberState_MEMBER_STATE_LEFT {
		return h.end(Departed)
	}
	if h.phase == leaving {
		h.hurry()
		return h.due(now, Step{})
	}
	if ordered > 0 {
		h.fence = max(h.fence, ordered.Add(h.terms.Lease))
		h.next = min(h.next, ordered.Add(h.terms.Pace()))
	}
	step := Step{Change: h.look(now)}
	if h.phase == suspended {
		h.late++
		h.hurry() // only a write that is ordered now can end it
	} else {
		h.late = 0
	}
	return h.due(now, step)
}

// look moves to holding or to suspended, as the fence says.
func (h *Holder) look(now boottime.Instant) Change {
	was := h.phase
	if !h.MayAct(now) {
		h.phase = suspended
		if was == holding {
			return Suspended
		}
		return Unchanged
	}
	h.phase = holding
	switch {
	case !h.granted:
		h.granted = true
		return Granted
	case was != holding:
		return Resumed
	}
	return Unchanged
}

// hurry moves the next write ahead, but not so that writes follow each other without a pause.
func (h *Holder) hurry() {
	last, _ := h.sends.at(h.sends.count)
	h.next = min(h.next, last.Add(h.terms.Interval()/haste))
}

// due adds the next write to a step, if it is time for it.
func (h *Holder) due(now boottime.Instant, step Step) Step {
	if h.phase == looking || h.phase == finished || now.Before(h.next) {
		return step
	}
	return h.write(now, step)
}

// write adds the next write to a step.
func (h *Holder) write(now boottime.Instant, step Step) Step {
	h.next = now.Add(h.terms.Interval())
	step.Action = WriteRecord
	step.Write = Write{Renewal: h.sends.add(now), Expect: h.expect, State: h.state, ordered: now}
	return step
}

// end makes the holder ask for nothing any more.
func (h *Holder) end(how Change) Step {
	h.phase, h.fence, h.blocker = finished, 0, Record{}
	return Step{Change: how}
}

package actors

import (
	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// handed takes commands that have not ended: new ones, those that an earlier owner left, and
// cancellations of those that are known. Of commands that were handed before, and are not known any
// more, the end is on its way to who handed them.
func (s *supervisor) handed(ctx actor.Context, msg *handed) {
	for _, h := range msg.hands {
		o := s.commands.find(h.open.GetRecord().GetCommandId())
		switch {
		case o == nil && h.again, s.shutting && !s.retired:
			continue
		case o == nil && h.open.GetRecord().GetOrder() < s.charge.epoch && mutant("drop-on-restart"):
			continue
		case o == nil:
			o = s.newOrder(ctx, proto.CloneOf(h.open.GetRecord()))
			s.resume(o)
		}
		if c := h.open.GetCancellation(); c != nil {
			s.cancel(o, c)
		}
	}
	if s.shutting {
		s.closeCommands()
	}
	s.runCommands(ctx)
	s.advance(ctx)
}

// resume goes on with a command where its last owner left it.
func (s *supervisor) resume(o *order) {
	now, known := s.hubTime()
	if !o.waiting() { // enqueue makes the plan of the others
		_ = s.plan(o)
	}
	kind := roostv1.WriteKind_WRITE_KIND_UNSPECIFIED
	if o.plan != nil {
		kind = o.plan.WriteKind
	}
	if kind != roostv1.WriteKind_WRITE_KIND_ABSOLUTE && mutant("dispatch-again-after-takeover") {
		kind = roostv1.WriteKind_WRITE_KIND_ABSOLUTE
	}
	switch o.record.Resume(kind, known && !now.Before(o.expires)) {
	case roostv1.ResumeQueue:
		s.enqueue(o)
	case roostv1.ResumeRepeat:
		o.touched = true
		s.commands.remember(o)
		s.commands.enqueue(o)
	case roostv1.ResumeDoubt:
		o.touched = true
		s.commands.remember(o)
		s.end(o, roostv1.CommandState_COMMAND_STATE_UNKNOWN, nil)
	case roostv1.ResumeSettle:
		o.touched = true
		s.commands.remember(o)
		s.settle(o)
	}
	if o.touched {
		s.outdateResumed(o)
	}
}

// cancel ends a command that waits. For one that was dispatched the wish comes too late, and is noted.
func (s *supervisor) cancel(o *order, c *roostv1.Cancellation) {
	if o.recanted || o.gone || o.record.State.Final() {
		return
	}
	o.recanted = true
	by := c.GetSender()
	if by == "" {
		by = "somebody"
	}
	queued := len(s.commands.takeOut(func(other *order) bool { return other == o && !o.touched })) > 0
	recalled := o == s.commands.current && o.permit.revoke()
	if recalled {
		s.commands.current = nil
	}
	if !queued && !recalled {
		s.learn(o, "cancellation of "+by+" came after dispatch", nil)
		s.writeEvidence(o)
		return
	}
	text := "cancelled by " + by
	if c.GetReason() != "" {
		text += ": " + c.GetReason()
	}
	s.end(o, roostv1.CommandState_COMMAND_STATE_CANCELLED, roostv1.Errorf(roostv1.ErrCancelled, "%s", text))
}

// leaveQueue gives up the commands that wait when the device is closed here. Where there is a Journal
// they stay in it for the next owner, unless there will be none; else they are rejected.
func (s *supervisor) leaveQueue() {
	if s.commands == nil {
		return
	}
	status := roostv1.Errorf(roostv1.ErrUnavailable, "%s: the device is being closed on this gateway", s.charge.spec.Id)
	for _, o := range s.commands.takeAway() {
		if s.handsOver() {
			s.leave(o, status)
		} else {
			s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		}
	}
}

// handsOver reports whether commands that have not ended are left to a next owner.
func (s *supervisor) handsOver() bool { return s.env.journal != nil && !s.retired }

// leave lets go of a command as it stands in the journal.
func (s *supervisor) leave(o *order, status *roostv1.Status) {
	o.gone = true
	s.commands.forget(o)
	o.answer(answer{err: status})
}

// closeCommands gives up what waits and what is to be settled, as the device is closed here. The command
// that the device has goes on to its end, but for a confirmation that the next owner can find as well.
func (s *supervisor) closeCommands() {
	if s.commands == nil {
		return
	}
	s.leaveQueue()
	switch o := s.commands.current; {
	case o == nil:
	case o.permit.revoke():
		s.notSent(o)
	case o.look != nil && s.handsOver() && o.absolute():
		s.commands.current = nil
		s.doubt(o, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "acknowledged; the next owner is to see whether it took effect"))
	}
	s.closeUnsettled()
}

// closeUnsettled leaves UNKNOWN commands to the next owner, or ends them where there is none that could
// settle them.
func (s *supervisor) closeUnsettled() {
	unsettled := s.commands.unsettled
	s.commands.unsettled = nil
	for _, o := range unsettled {
		switch {
		case s.handsOver():
			s.leave(o, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "%s: it is left to the next owner to find out", o.record.CommandId))
		case s.retired:
			s.conclude(o, indeterminateWith(o.record.Status))
		default:
			s.commands.unsettled = append(s.commands.unsettled, o)
		}
	}
}

// abortCommands answers for everything that is left when the supervisor stops. Nothing is recorded any
// more: the next owner finds the commands as the journal has them.
func (s *supervisor) abortCommands() {
	if s.commands == nil {
		return
	}
	if s.env.journal == nil {
		s.endCommands()
	}
	for _, o := range s.commands.remembered {
		if !o.durable {
			s.lose(o, roostv1.Errorf(roostv1.ErrUnavailable, "%s: the device was closed on this gateway", s.charge.spec.Id))
		}
	}
}

// endCommands ends everything, where there is no next owner.
func (s *supervisor) endCommands() {
	s.shutting = true
	s.closeCommands()
	if o := s.commands.current; o != nil {
		s.commands.current = nil
		s.noteUnfinished(o)
	}
	for _, o := range s.commands.unsettled {
		s.conclude(o, indeterminateWith(o.record.Status))
	}
	s.commands.unsettled = nil
}

// noteUnfinished makes a command UNKNOWN whose call has not come back.
func (s *supervisor) noteUnfinished(o *order) {
	o.touched = true
	status := roostv1.Errorf(roostv1.ErrOutcomeUnknown, "unknown: the gateway stopped after sending")
	if o.waiting() && !s.enter(o, roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_DISPATCHED}) {
		return
	}
	if o.record.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN || s.enter(o, unknownWith(status)) {
		s.commands.doubt(o)
	}
}

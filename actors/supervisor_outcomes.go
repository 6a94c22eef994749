package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// intended takes the Journal's word on an intent: from here on the record says that the command may have
// been sent.
func (s *supervisor) intended(ctx actor.Context, msg *intended) {
	o := msg.order
	if o.gone || o.permit != msg.permit {
		return
	}
	o.intent = msg
	if msg.err == nil {
		s.noteIntent(o, msg.dispatched)
	}
	if o.ended != nil {
		s.resolve(o)
		s.runCommands(ctx)
		s.advance(ctx)
	}
}

// noteIntent enters DISPATCHED, as the driver's call recorded it.
func (s *supervisor) noteIntent(o *order, dispatched roostv1.Change) {
	if err := o.record.Enter(dispatched); err != nil { // the call has entered it in a copy
		s.breakOff(o, err)
	}
}

// performed takes the end of a command's call, perhaps long after it was given up.
func (s *supervisor) performed(ctx actor.Context, msg *performed) {
	o := msg.order
	switch {
	case o.gone:
	case msg.late && o.ended != nil && o.permit == msg.permit:
		o.ended = &msg.outcome // it says more than that it was abandoned
	case msg.late:
		s.lateAnswer(o, msg.outcome)
	case o == s.commands.current && o.permit == msg.permit:
		s.attempted(ctx, o, msg.outcome)
		if s.child != nil && !s.stopping {
			ctx.Send(s.child, &pollSoon{})
		}
	}
	s.runCommands(ctx)
	s.advance(ctx)
}

// attempted ends an attempt that was given to the device.
func (s *supervisor) attempted(ctx actor.Context, o *order, end outcome) {
	if o.permit.revoke() { // also a call that was abandoned: it will not get the permit any more
		s.noteFence(ctx, end)
		s.notSent(o)
		return
	}
	o.ended = &end
	s.resolve(o)
}

// noteFence takes a command that the fence stopped as news of the suspension: what the gateway is
// told of it may be on its way.
func (s *supervisor) noteFence(ctx actor.Context, end outcome) {
	if errors.Is(end.err, errSuspended) && !s.suspended {
		s.suspended = true
		s.env.after(fenceRecheck, ctx.Self(), &leaseChanged{})
	}
}

// notSent puts the current command back, whose permit was not used. It goes again, waits, or ends as the
// device and the time are then.
func (s *supervisor) notSent(o *order) {
	s.commands.again()
	if s.shutting {
		s.leaveQueue()
	}
}

// resolve goes on with a command whose attempt took the permit and is over, once it is certain what
// became of the intent. If that is durable the command can never end as one that was not dispatched; it
// may be tried again where nothing was sent. If it is not, nothing was.
func (s *supervisor) resolve(o *order) {
	if o.intent == nil {
		return // it stays current: nothing may be sent to the device before
	}
	end := *o.ended
	o.ended = nil
	var nothing unsent
	switch err := o.intent.err; {
	case err == nil && errors.As(end.err, &nothing):
		s.sendAgain(o, roostv1.StatusOf(nothing.why))
	case err == nil:
		s.acted(o, end)
	case o.intent.defect:
		o.permit = nil // nothing was sent under it
		s.breakOff(o, err)
	case errors.Is(err, roostv1.ErrInvalid):
		s.commands.current, o.permit = nil, nil
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, roostv1.StatusOf(err))
	default:
		s.lose(o, err)
	}
}

// sendAgain puts a command back that is dispatched by its record and was not sent, or ends it.
func (s *supervisor) sendAgain(o *order, why *roostv1.Status) {
	now, known := s.hubTime()
	late := known && !now.Before(o.expires)
	if status := s.away(); status != nil && !o.record.GetCommand().GetQueueWhileAway() {
		why, late = status, true
	}
	s.commands.again()
	if !late && !s.shutting {
		return
	}
	s.commands.drop(o)
	if !late && s.handsOver() && o.absolute() {
		s.leave(o, why) // who comes next sends it
		return
	}
	s.end(o, roostv1.CommandState_COMMAND_STATE_EXPIRED, why)
}

// acted takes what came of an attempt that called the driver.
func (s *supervisor) acted(o *order, end outcome) {
	before := o.touched
	o.touched = true
	if o.record.State != roostv1.CommandState_COMMAND_STATE_DISPATCHED {
		s.breakOff(o, roostv1.Errorf(roostv1.ErrInternal, "command %s was sent, and its record is %s", o.record.CommandId, o.record.State.Word()))
		return
	}
	if end.abandoned || errors.Is(end.err, roostv1.ErrPanic) {
		o.crashes++
	}
	s.noteSteps(o, end)
	switch c := outcomeOf(end); {
	case c.State == roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		s.confirm(o, end)
	case c.State == roostv1.CommandState_COMMAND_STATE_FAILED && before:
		s.commands.current = nil
		s.failedAgain(o, c.Status)
	case c.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		s.commands.current = nil
		s.doubt(o, c.Status)
	default:
		s.commands.current = nil
		s.conclude(o, c)
	}
}

// failedAgain makes a command UNKNOWN whose last attempt did nothing: one before may have. It is not sent
// once more, which would go on for as long as the device refuses.
func (s *supervisor) failedAgain(o *order, status *roostv1.Status) {
	for _, step := range o.record.Steps {
		if step.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
			step.State = roostv1.CommandState_COMMAND_STATE_UNKNOWN
		}
	}
	s.unconfirmed(o, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "an attempt before may have been done; the last one: %s", status.GetMessage()))
}

// noteSteps puts what came of the writes in the record.
func (s *supervisor) noteSteps(o *order, end outcome) {
	if p, _ := end.value.(*performance); p != nil {
		o.record.Steps, o.record.Results = p.steps, p.results
	}
}

// doubt makes a command UNKNOWN: it is sent again where that is harmless and its sender wants to wait, and
// else settled.
func (s *supervisor) doubt(o *order, status *roostv1.Status) {
	if !s.enter(o, unknownWith(status)) {
		return
	}
	switch {
	case o.crashes >= maxCrashes:
		s.park(o)
		return
	case s.mayRepeat(o):
		o.permit, o.intent, o.ended = nil, nil, nil
		o.rest(s.hubTime())
		s.commands.enqueue(o)
	default:
		s.settle(o)
	}
	s.write(o)
}

// mayRepeat reports whether a command of unknown outcome is sent again: only where
// twice is the same as once, and the sender wants to wait for the device; and not for ever.
func (s *supervisor) mayRepeat(o *order) bool {
	now, known := s.hubTime()
	return o.record.Attempt < maxAttempts && !s.shutting && s.locked() == nil && o.record.GetCommand().GetQueueWhileAway() && known && now.Before(o.expires) && (o.absolute() || mutant("retry-at-most-once"))
}

// recallCommand takes back the command that the device actor has, or left when it ended: one
// that was not sent goes back to the queue. One that was sent is answered by its call.
func (s *supervisor) recallCommand(ctx actor.Context) {
	if s.commands.idle() {
		return
	}
	s.recall()
	s.runCommands(ctx)
}

func (s *supervisor) recall() {
	if !s.commands.idle() && s.commands.current.permit.revoke() {
		s.notSent(s.commands.current)
	}
}

// park sets a command aside that broke the driver each time.
func (s *supervisor) park(o *order) {
	s.count().Parked++
	s.env.totals.parked.Add(1)
	status := roostv1.Errorf(roostv1.ErrParked, "set aside: it broke the driver %d times: %s", o.crashes, o.record.Status.GetMessage())
	s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_PARKED, Message: fmt.Sprintf("command %s %s", o.record.CommandId, status.Message), Status: status})
	s.conclude(o, indeterminateWith(status))
}

// end ends a command that is not to be sent any more: as the state says where nothing was sent and its
// record says so, and else as what is certain. The order is in no queue.
func (s *supervisor) end(o *order, state roostv1.CommandState, status *roostv1.Status) {
	o.permit = nil
	switch {
	case o.waiting():
		s.conclude(o, roostv1.Change{State: state, Status: status})
	case !o.touched:
		s.conclude(o, failedWith(notSentStatus(status), roostv1.Effect_EFFECT_NONE))
	case o.record.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		s.settle(o)
	default:
		s.doubt(o, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "unknown: the gateway stopped after sending"))
	}
}

package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// performed takes the end of a command's call, perhaps long after it was given up.
func (s *supervisor) performed(ctx actor.Context, msg *performed) {
	o, now := msg.order, time.Now()
	if msg.late {
		s.lateAnswer(o, msg.outcome, now)
	} else if o == s.commands.current && o.permit == msg.permit {
		s.commands.current = nil
		s.attempted(ctx, o, msg.outcome, now)
		if s.child != nil && !s.stopping {
			ctx.Send(s.child, &pollSoon{})
		}
	}
	s.runCommands(ctx)
	s.advance(ctx)
}

// attempted ends an attempt that was given to the device.
func (s *supervisor) attempted(ctx actor.Context, o *order, end outcome, now time.Time) {
	if !o.noteDispatch() { // expiry is seen to by its timer
		s.noteFence(ctx, end)
		s.commands.current = o
		s.notSent(o)
		return
	}
	if end.abandoned || errors.Is(end.err, roostv1.ErrPanic) {
		o.crashes++
	}
	o.finish(end, now)
	switch {
	case o.record.State.Final():
		s.finish(o)
	case o.crashes >= maxCrashes:
		s.park(o)
	case s.mayRepeat(o, now):
		o.permit = nil
		s.commands.current = o
		s.commands.again()
	default:
		o.settleBy = now.Add(settleWindow)
		s.commands.unsettled = append(s.commands.unsettled, o)
	}
}

// noteFence takes a command that the fence stopped as news of the suspension: what the gateway is
// told of it may be on its way.
func (s *supervisor) noteFence(ctx actor.Context, end outcome) {
	if errors.Is(end.err, errSuspended) && !s.suspended {
		s.suspended = true
		s.env.after(fenceRecheck, ctx.Self(), &leaseChanged{})
	}
}

// mayRepeat reports whether a command of unknown outcome is sent again: only where
// twice is the same as once, and the sender wants to wait for the device.
func (s *supervisor) mayRepeat(o *order, now time.Time) bool {
	return !s.shutting && o.record.Command.QueueWhileAway && now.Before(o.expires) &&
		o.plan.WriteKind == roostv1.WriteKind_WRITE_KIND_ABSOLUTE
}

// notSent puts the current command back in the queue, or rejects it if it may not wait.
func (s *supervisor) notSent(o *order) {
	now := time.Now()
	switch {
	case !now.Before(o.expires):
		s.commands.current = nil
		s.end(o, roostv1.CommandState_COMMAND_STATE_EXPIRED, roostv1.Errorf(roostv1.ErrExpired, "too late: the bus was busy"))
	case o.record.Command.QueueWhileAway && !s.shutting || s.ready():
		o.permit = nil
		s.commands.again()
	default:
		s.commands.current = nil
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, s.notSentStatus())
	}
}

func (s *supervisor) notSentStatus() *roostv1.Status {
	if status := s.away(); status != nil {
		return status
	}
	return roostv1.Errorf(roostv1.ErrUnavailable, "%s is being closed on this gateway", s.charge.spec.Id)
}

// recallCommand takes back the command that the device actor has, or left when it ended: one
// that was not sent goes back to the queue. One that was sent is answered by its call.
func (s *supervisor) recallCommand(ctx actor.Context) {
	if s.commands.idle() {
		return
	}
	if o := s.commands.current; o.permit.revoke() {
		s.notSent(o)
	}
	s.runCommands(ctx)
}

// lateAnswer takes what an abandoned attempt returned after all: it settles an UNKNOWN
// command, and is evidence for one that has ended.
func (s *supervisor) lateAnswer(o *order, end outcome, now time.Time) {
	o.evidence(s.env.id, end, now)
	if o.record.State != roostv1.CommandState_COMMAND_STATE_UNKNOWN || !s.commands.settled(o) {
		return
	}
	o.finish(end, now)
	if o.record.State.Final() {
		s.finish(o)
		return
	}
	s.commands.unsettled = append(s.commands.unsettled, o)
}

// park sets a command aside that broke the driver each time.
func (s *supervisor) park(o *order) {
	s.count().Parked++
	status := roostv1.Errorf(roostv1.ErrParked, "set aside: it broke the driver %d times: %s", o.crashes, o.record.Status.Message)
	s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_PARKED, Message: fmt.Sprintf("command %s %s", o.record.CommandId, status.Message), Status: status})
	o.enter(roostv1.CommandState_COMMAND_STATE_INDETERMINATE, status, time.Now())
	s.finish(o)
}

// end gives a command that was not sent, or not settled, its final state.
func (s *supervisor) end(o *order, state roostv1.CommandState, status *roostv1.Status) {
	if state == roostv1.CommandState_COMMAND_STATE_INDETERMINATE {
		o.enter(state, status, time.Now())
	} else {
		o.permit = nil
		o.end(state, status, time.Now())
	}
	s.finish(o)
}

// finish makes the end of a command known.
func (s *supervisor) finish(o *order) {
	s.commands.remember(o)
	message := fmt.Sprintf("%s: %s", o.record.Command.Name, o.record.State.Word())
	if o.record.Status != nil {
		message += ": " + o.record.Status.Message
	}
	s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_COMMAND, Message: message, Status: o.record.Status})
	o.answer()
}

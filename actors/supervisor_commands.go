package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fenceRecheck is how long a supervisor that met the fence waits before it looks again.
const fenceRecheck = 100 * time.Millisecond

// submit takes a command: the same id and body is the same command, anything that
// cannot be done is rejected at once, the rest is queued.
func (s *supervisor) submit(ctx actor.Context, msg *submit) {
	c := msg.command
	if known := s.commands.find(c.Id); known != nil {
		if !roostv1.BodyEqual(known.record.Command, c) {
			msg.answer(answer{err: roostv1.Errorf(roostv1.ErrConflict, "command %s was sent before with another body", c.Id)})
			return
		}
		s.await(known, msg.answer)
		return
	}
	if s.commands == nil {
		s.commands = &commands{}
	}
	bounds := s.charge.spec.Commands.Resolve()
	o := newOrder(c, bounds, s.env.id, s.charge.epoch, time.Now())
	o.waiters = append(o.waiters, msg.answer)
	if status := s.objection(o, bounds); status != nil {
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		return
	}
	for _, other := range s.commands.add(o) {
		s.end(other, roostv1.CommandState_COMMAND_STATE_SUPERSEDED, roostv1.Errorf(roostv1.ErrCancelled, "command %s took its place", c.Id))
	}
	s.runCommands(ctx)
}

// await lets a caller wait for a known command.
func (s *supervisor) await(o *order, waiter func(answer)) {
	if o.record.State.Final() {
		waiter(answer{record: o.snapshot()})
		return
	}
	o.waiters = append(o.waiters, waiter)
}

// objection returns why a new command is rejected; nil if it is not. It makes the plan.
func (s *supervisor) objection(o *order, bounds roostv1.CommandBounds) *roostv1.Status {
	if s.shutting {
		return roostv1.Errorf(roostv1.ErrUnavailable, "%s is being closed on this gateway", s.charge.spec.Id)
	}
	if len(s.commands.queue) >= bounds.QueueLimit {
		return roostv1.Errorf(roostv1.ErrBusy, "%s has %d commands waiting, no more are taken", s.charge.spec.Id, bounds.QueueLimit)
	}
	plan, err := roostv1.MakePlan(s.charge.model.profile, o.record.Command)
	if err != nil {
		return roostv1.StatusOf(err)
	}
	o.plan = plan
	if status := s.locked(); status != nil {
		return status
	}
	if !o.record.Command.QueueWhileAway {
		return s.away()
	}
	return nil
}

// replan checks the waiting commands against a changed profile.
func (s *supervisor) replan() {
	if s.commands == nil {
		return
	}
	for _, o := range s.commands.takeAway() {
		plan, err := roostv1.MakePlan(s.charge.model.profile, o.record.Command)
		if err != nil {
			s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, roostv1.StatusOf(err))
			continue
		}
		o.plan = plan
		s.commands.queue = append(s.commands.queue, o)
	}
}

// locked returns why the device takes no commands at all; nil if it does.
func (s *supervisor) locked() *roostv1.Status {
	if s.charge.spec.AdminState == roostv1.AdminState_ADMIN_STATE_LOCKED {
		return roostv1.Errorf(roostv1.ErrLocked, "%s is locked by an operator", s.charge.spec.Id)
	}
	return nil
}

// away returns why the device cannot take a command now; nil if it can.
func (s *supervisor) away() *roostv1.Status {
	if s.ready() {
		return nil
	}
	if s.suspended {
		return roostv1.Errorf(roostv1.ErrSuspended, "%s: gateway %s has no lease at present", s.charge.spec.Id, s.env.id)
	}
	code := roostv1.ErrOffline
	if s.state == roostv1.DeviceState_DEVICE_STATE_QUARANTINED {
		code = roostv1.ErrQuarantined
	}
	reason := ""
	if s.lastError != nil {
		reason = ": " + s.lastError.Message
	}
	return roostv1.Errorf(code, "%s is %s%s", s.charge.spec.Id, s.state.Word(), reason)
}

// ready reports whether the device actor takes commands.
func (s *supervisor) ready() bool {
	return s.child != nil && !s.stopping && !s.reopen && s.session != nil && !s.suspended &&
		(s.state == roostv1.DeviceState_DEVICE_STATE_ONLINE || s.state == roostv1.DeviceState_DEVICE_STATE_OFFLINE)
}

// runCommands does what is due: ends what is late, and gives the device the next one.
func (s *supervisor) runCommands(ctx actor.Context) {
	if s.commands == nil {
		return
	}
	now := time.Now()
	for _, o := range s.commands.expired(now) {
		s.end(o, roostv1.CommandState_COMMAND_STATE_EXPIRED, roostv1.Errorf(roostv1.ErrExpired, "too late: it waited for %s", o.record.QueueReason.Word()))
	}
	for _, o := range s.commands.overdue(now) {
		s.end(o, roostv1.CommandState_COMMAND_STATE_INDETERMINATE, o.record.Status)
	}
	if status := s.locked(); status != nil {
		for _, o := range s.commands.takeAway() {
			s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		}
	}
	for s.ready() && s.commands.current == nil {
		o := s.commands.next(now)
		if o == nil {
			break
		}
		s.dispatch(ctx, o, now)
	}
	s.noteWaiting(now)
	s.wakeForCommands(ctx, now)
}

// dispatch gives a command to the device, unless its precondition fails.
func (s *supervisor) dispatch(ctx actor.Context, o *order, now time.Time) {
	if status := s.precondition(o.record.Command.Precondition); status != nil {
		s.commands.current = nil
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		return
	}
	o.permit = &permit{deadline: o.expires}
	o.queued(roostv1.QueueReason_QUEUE_REASON_BUS_BUSY, now)
	ctx.Send(s.child, &perform{
		order: o, permit: o.permit, fence: s.env.fenceOf(s.charge), timeout: o.plan.Timeout, actions: o.actions(s.charge.epoch),
	})
}

// precondition returns why the command must not act now; nil if it may.
func (s *supervisor) precondition(p *roostv1.Precondition) *roostv1.Status {
	if p == nil {
		return nil
	}
	_, i := s.charge.model.resource(p.Resource)
	if i < 0 {
		return roostv1.Errorf(roostv1.ErrInvalid, "precondition: %s has no resource %q", s.charge.spec.Id, p.Resource)
	}
	if last := s.readings.sampler.value(i); !roostv1.EqualValues(last, p.Equals) {
		return roostv1.Errorf(roostv1.ErrConflict, "precondition: %s is %s, not %s", p.Resource, last.Format(), p.Equals.Format())
	}
	return nil
}

// noteWaiting lets the records of the queued commands say what they wait for.
func (s *supervisor) noteWaiting(now time.Time) {
	for _, o := range s.commands.queue {
		reason := roostv1.QueueReason_QUEUE_REASON_ORDER
		switch {
		case now.Before(o.notBefore):
			reason = roostv1.QueueReason_QUEUE_REASON_NOT_BEFORE
		case !s.ready():
			reason = roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY
		}
		o.queued(reason, now)
	}
}

// wakeForCommands sets the timer to the next time that matters to a command.
func (s *supervisor) wakeForCommands(ctx actor.Context, now time.Time) {
	if s.waking != nil {
		s.waking.Stop()
		s.waking = nil
	}
	if at := s.commands.wake(now); !at.IsZero() {
		s.waking = s.env.after(at.Sub(now), ctx.Self(), &commandsDue{})
	}
}

// refuseCommands rejects everything that waits, as the device is closed here.
func (s *supervisor) refuseCommands(why string) {
	if s.commands == nil {
		return
	}
	status := roostv1.Errorf(roostv1.ErrUnavailable, "%s: %s", s.charge.spec.Id, why)
	for _, o := range s.commands.takeAway() {
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
	}
	if o := s.commands.current; o != nil && o.permit.revoke() {
		s.commands.current = nil
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
	}
}

// abortCommands answers whoever still waits when the supervisor ends.
func (s *supervisor) abortCommands() {
	if s.commands == nil {
		return
	}
	s.refuseCommands("the gateway stopped")
	if o := s.commands.current; o != nil {
		s.commands.current = nil
		o.noteDispatch()
		o.record.Effect = roostv1.Effect_EFFECT_UNKNOWN
		o.enter(roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the gateway stopped after sending"), time.Now())
		s.commands.unsettled = append(s.commands.unsettled, o)
	}
	for _, o := range s.commands.unsettled {
		s.end(o, roostv1.CommandState_COMMAND_STATE_INDETERMINATE, o.record.Status)
	}
	s.commands.unsettled = nil
}

// recordWanted tells the present record of a command.
func (s *supervisor) recordWanted(msg *recordWanted) {
	o := s.commands.find(msg.id)
	if o == nil {
		msg.answer(answer{err: roostv1.Errorf(roostv1.ErrNotFound, "command %s is not known to %s", msg.id, s.charge.spec.Id)})
		return
	}
	msg.answer(answer{record: o.snapshot()})
}

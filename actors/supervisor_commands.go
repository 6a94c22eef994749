package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// fenceRecheck is how long a supervisor that met the fence waits before it looks again.
	fenceRecheck = 100 * time.Millisecond
	// patience is how long a command waits its turn before its record says so: most wait for less than
	// the record would take.
	patience = 500 * time.Millisecond
	// maxWaits bounds how often a record tells what its command waits for.
	maxWaits = 32
)

// submit takes a command that this gateway accepts itself: the same id and body is the same command,
// anything that cannot be done is rejected at once, the rest is queued.
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
	now, known := s.hubTime()
	if !known {
		msg.answer(answer{err: roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not know the hub's time yet", s.env.id)})
		return
	}
	record := acceptedHere(c, s.env.id, s.charge.epoch, s.env.orders.Add(1), now)
	o := s.newOrder(ctx, record)
	o.waiters = append(o.waiters, msg.answer)
	s.enqueue(o)
	s.runCommands(ctx)
}

// newOrder makes an order of a record, which becomes its own, and the queue if there is none.
func (s *supervisor) newOrder(ctx actor.Context, record *roostv1.CommandRecord) *order {
	if s.commands == nil {
		s.commands = &commands{self: ctx.Self()}
	}
	return newOrder(record, s.charge.spec.Commands.Resolve(), s.env.now())
}

// await lets a caller wait for a known command.
func (s *supervisor) await(o *order, waiter func(answer)) {
	if o.durable {
		waiter(answer{record: o.snapshot()})
		return
	}
	o.waiters = append(o.waiters, waiter)
}

// enqueue queues a command of which nothing was ever sent, or ends it.
func (s *supervisor) enqueue(o *order) {
	if status := s.objection(o); status != nil {
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		return
	}
	for _, other := range s.commands.add(o) {
		s.end(other, roostv1.CommandState_COMMAND_STATE_SUPERSEDED, roostv1.Errorf(roostv1.ErrCancelled, "command %s took its place", o.record.CommandId))
	}
}

// objection returns why a new command is rejected; nil if it is not. It makes the plan.
func (s *supervisor) objection(o *order) *roostv1.Status {
	if s.shutting {
		return roostv1.Errorf(roostv1.ErrUnavailable, "%s is being closed on this gateway", s.charge.spec.Id)
	}
	if limit := s.charge.spec.Commands.Resolve().QueueLimit; len(s.commands.queue) >= limit {
		return roostv1.Errorf(roostv1.ErrBusy, "%s has %d commands waiting, no more are taken", s.charge.spec.Id, limit)
	}
	if status := s.plan(o); status != nil {
		return status
	}
	if status := s.locked(); status != nil {
		return status
	}
	if now, known := s.hubTime(); known && s.impatient(o, now) {
		return s.away()
	}
	return nil
}

// plan resolves a command against the present profile, or returns why it makes no sense to it.
func (s *supervisor) plan(o *order) *roostv1.Status {
	plan, err := roostv1.MakePlan(s.charge.model.profile, o.record.Command)
	if err != nil {
		o.plan, o.planned = nil, s.charge.model
		return roostv1.StatusOf(err)
	}
	o.plan, o.planned = plan, s.charge.model
	reported := plan.Confirmation == roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED
	if reported && newLook(s.charge.model.profile, plan) == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "%s: %s: the device reports nothing that could confirm it", s.charge.spec.Id, plan.Command)
	}
	return nil
}

// refit plans a command anew if the profile has changed since it was planned, and returns why it must not be
// sent any more.
func (s *supervisor) refit(o *order) *roostv1.Status {
	if o.planned == s.charge.model {
		return nil
	}
	if status := s.plan(o); status != nil {
		return status
	}
	if o.touched && !o.absolute() {
		return roostv1.Errorf(roostv1.ErrOutcomeUnknown, "it may have been sent, and by its changed profile must not be again")
	}
	return nil
}

// replan checks the waiting commands against a changed profile. The one that is with the device is checked
// should it be sent again.
func (s *supervisor) replan() {
	if s.commands == nil {
		return
	}
	for _, o := range s.commands.takeAway() {
		if status := s.refit(o); status != nil {
			s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
			continue
		}
		s.commands.enqueue(o)
	}
	for _, o := range s.commands.unsettled {
		if o.look != nil && (s.refit(o) != nil || !o.look.readable(s.charge.model.profile)) {
			o.look.outdated = true
		}
	}
}

// runCommands does what is due: ends what is late, and gives the device the next one.
func (s *supervisor) runCommands(ctx actor.Context) {
	if s.commands == nil {
		return
	}
	now, known := s.hubTime()
	if known {
		s.endLate(now)
		s.endUnwelcome(now)
	}
	for known && s.ready() && s.commands.current == nil {
		latest, _ := s.latest()
		o := s.commands.next(now, latest, s.offline())
		if o == nil {
			break
		}
		s.dispatch(ctx, o)
	}
	s.noteWaiting(now, known)
	s.wakeForCommands(ctx, now, known)
}

// endLate ends what its time has run out for.
func (s *supervisor) endLate(now time.Time) {
	for _, o := range s.commands.expired(now) {
		s.end(o, roostv1.CommandState_COMMAND_STATE_EXPIRED, lateStatus(o))
	}
	for _, o := range s.commands.overdue(now) {
		s.giveUp(o)
	}
}

func lateStatus(o *order) *roostv1.Status {
	if o.waitsFor == roostv1.QueueReason_QUEUE_REASON_UNSPECIFIED {
		return roostv1.Errorf(roostv1.ErrExpired, "too late")
	}
	return roostv1.Errorf(roostv1.ErrExpired, "too late: it waited for %s", o.waitsFor.Word())
}

// endUnwelcome rejects what the device does not take as it is now.
func (s *supervisor) endUnwelcome(now time.Time) {
	if status := s.locked(); status != nil {
		for _, o := range s.commands.takeAway() {
			s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		}
	}
	if status := s.away(); status != nil && !s.shutting {
		for _, o := range s.commands.takeOut(func(o *order) bool { return s.impatient(o, now) }) {
			s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		}
	}
}

// recordWanted tells the present record of a command.
func (s *supervisor) recordWanted(msg *recordWanted) {
	o := s.commands.find(msg.id)
	switch {
	case o == nil:
		msg.answer(answer{err: roostv1.Errorf(roostv1.ErrNotFound, "command %s is not known to %s", msg.id, s.charge.spec.Id)})
	case o.record.State.Final() && !o.durable:
		msg.answer(answer{err: roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s: its end is not recorded yet", msg.id)})
	default:
		msg.answer(answer{record: o.snapshot()})
	}
}

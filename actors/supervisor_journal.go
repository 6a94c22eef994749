package actors

import (
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// record gives a record to the Journal, under a nonce of its own. done must not block.
func (e *env) record(bus string, epoch uint64, record *roostv1.CommandRecord, done func(error)) {
	record.Nonce = e.nonce()
	if e.journal == nil {
		done(nil)
		return
	}
	e.journal.Record(bus, epoch, record, done)
}

// enter changes the state of a command as this gateway, and reports whether that may be. A change that
// may not be is a defect: the command is ended.
func (s *supervisor) enter(o *order, c roostv1.Change) bool {
	c.At, c.Gateway, c.Epoch = s.stamp(o.record), s.env.id, s.charge.epoch
	if err := o.record.Enter(c); err != nil {
		s.breakOff(o, err)
		return false
	}
	return true
}

// breakOff ends a command that a defect keeps from going on, with what is certain of it: left as it
// stands, it would be open for ever. Only one that is under a later epoch is another's to end.
func (s *supervisor) breakOff(o *order, why error) {
	status := roostv1.StatusOf(why)
	s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_INTERNAL, Message: status.Message, Status: status})
	if o.gone || o.record.State.Final() {
		return
	}
	o.touched = o.touched || o.permit != nil && !o.permit.revoke()
	s.commands.drop(o)
	o.permit, o.look = nil, nil
	for _, c := range brokenOff(o, status) {
		c.At, c.Gateway, c.Epoch = s.stamp(o.record), s.env.id, s.charge.epoch
		if err := o.record.Enter(c); err != nil {
			s.lose(o, err)
			return
		}
	}
	s.writeEnd(o)
}

// brokenOff is the way to the end of a command that does not go on.
func brokenOff(o *order, status *roostv1.Status) []roostv1.Change {
	sent, doubted := roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_DISPATCHED}, unknownWith(status)
	switch {
	case o.waiting() && o.touched:
		return []roostv1.Change{sent, doubted, indeterminateWith(status)}
	case o.waiting():
		return []roostv1.Change{{State: roostv1.CommandState_COMMAND_STATE_REJECTED, Status: status}}
	case o.record.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN:
		return []roostv1.Change{indeterminateWith(status)}
	case o.touched:
		return []roostv1.Change{doubted, indeterminateWith(status)}
	default:
		return []roostv1.Change{failedWith(notSentStatus(status), roostv1.Effect_EFFECT_NONE)}
	}
}

// write makes the present record of a command durable, and its end known once it is. While a driver's
// call may record the intent, nothing else is written.
func (s *supervisor) write(o *order) {
	if o.gone {
		return
	}
	final := o.record.State.Final()
	if final {
		failpoint("cmd.before-result", s.charge.spec.Id)
	}
	if s.env.journal == nil {
		if final {
			s.ended(o)
		}
		return
	}
	s.commands.writes++
	env, self, device := s.env, s.commands.self, s.charge.spec.Id
	env.record(s.charge.spec.BusID(), s.charge.epoch, proto.CloneOf(o.record), func(err error) {
		if final && err == nil {
			failpoint("cmd.after-result", device)
		}
		env.send(self, &recorded{order: o, final: final, err: err})
	})
}

// conclude ends a command. Nobody is told before that is durable.
func (s *supervisor) conclude(o *order, c roostv1.Change) {
	if !s.enter(o, c) {
		return
	}
	o.permit, o.look = nil, nil
	s.writeEnd(o)
}

// writeEnd makes the end durable that is in the record of a command.
func (s *supervisor) writeEnd(o *order) {
	s.commands.remember(o)
	s.commands.ending++
	s.write(o)
}

// recorded takes the Journal's word on a record.
func (s *supervisor) recorded(ctx actor.Context, msg *recorded) {
	s.commands.writes--
	o := msg.order
	switch {
	case o.gone:
	case msg.err == nil && msg.final:
		s.ended(o)
	case msg.err == nil:
	case errors.Is(msg.err, roostv1.ErrNotOwner):
		s.lose(o, msg.err)
	case !msg.final || o.durable: // what it has to say, the next record says
	case errors.Is(msg.err, roostv1.ErrInvalid) && !o.bare:
		s.writeBare(o, msg.err)
	default: // the gateway stops, or there is nothing left that could be in the way
		s.lose(o, msg.err)
	}
	if s.shutting {
		s.advance(ctx)
	}
}

// writeBare records the end of a command whose whole story the Journal can never store: without it the
// command would be open for ever.
func (s *supervisor) writeBare(o *order, why error) {
	s.env.logger.Error("the end of a command is recorded without its texts", "command", o.record.CommandId, "error", why)
	o.bare = true
	r := o.record
	r.Steps, r.Results, r.Evidence, r.Status = nil, nil, nil, bareStatus(r.Status)
	for _, t := range r.Transitions {
		t.Status = bareStatus(t.Status)
	}
	s.write(o)
}

// bareStatus is a status without its text.
func bareStatus(s *roostv1.Status) *roostv1.Status {
	if s == nil {
		return nil
	}
	return &roostv1.Status{Code: s.Code}
}

// ended makes the end of a command known, once.
func (s *supervisor) ended(o *order) {
	if o.durable {
		return
	}
	o.durable = true
	s.commands.ending--
	s.env.totals.ended(o.record.State)
	s.commands.finish(o)
	message := fmt.Sprintf("%s: %s", o.record.GetCommand().GetName(), o.record.State.Word())
	if o.record.Status != nil {
		message += ": " + o.record.Status.Message
	}
	s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_COMMAND, Message: message, Status: o.record.Status})
	s.desiredEnded(o)
	o.answer(answer{record: o.snapshot()})
}

// lose lets go of a command that this gateway can record nothing of any more: the next owner finds it
// as the journal has it. Who waits is told what is certain.
func (s *supervisor) lose(o *order, why error) {
	if o.gone {
		return
	}
	o.gone = true
	if o.record.State.Final() && !o.durable {
		s.commands.ending--
	}
	sent := o.touched || !o.waiting() && !o.record.State.Unsent() || o.permit != nil && !o.permit.revoke()
	s.commands.forget(o)
	if sent {
		why = roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s: how it ended could not be recorded: %v", o.record.CommandId, why)
	}
	o.answer(answer{err: why})
}

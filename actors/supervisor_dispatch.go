package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// dispatch gives a command to the device, unless its precondition fails, or its profile has changed against it.
func (s *supervisor) dispatch(ctx actor.Context, o *order) {
	status := s.refit(o)
	if err := s.env.permit(o.record); status == nil && err != nil {
		status = roostv1.StatusOf(err)
	}
	if status == nil && !o.touched {
		status = s.precondition(o.record.GetCommand().GetPrecondition())
	}
	if status != nil {
		s.commands.current = nil
		s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
		return
	}
	s.outdate(o)
	failpoint("cmd.after-dequeue", s.charge.spec.Id)
	o.permit = &permit{}
	s.noteReason(o, roostv1.QueueReason_QUEUE_REASON_BUS_BUSY)
	ctx.Send(s.child, &perform{timeout: o.plan.Timeout, attempt: &attempt{
		env: s.env, supervisor: ctx.Self(), bus: s.charge.spec.BusID(), order: o, permit: o.permit,
		permitted: s.env.permission(o.record), fence: s.env.fenceOf(s.charge), expires: o.expires, actions: o.actions(s.charge.epoch),
		dispatched: roostv1.Change{
			State: roostv1.CommandState_COMMAND_STATE_DISPATCHED, Gateway: s.env.id, Epoch: s.charge.epoch,
			Harmless: o.absolute() || !o.touched || mutant("retry-at-most-once") || mutant("dispatch-again-after-takeover"),
		},
	}})
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

// recheck takes back the command that waits for the bus if its precondition has ceased to hold.
func (s *supervisor) recheck(ctx actor.Context) {
	if s.commands.idle() || s.commands.current.record.GetCommand().GetPrecondition() == nil {
		return
	}
	o := s.commands.current
	status := s.precondition(o.record.GetCommand().GetPrecondition())
	if status == nil || o.touched || !o.permit.revoke() {
		return
	}
	s.commands.current = nil
	s.end(o, roostv1.CommandState_COMMAND_STATE_REJECTED, status)
	s.runCommands(ctx)
	s.advance(ctx)
}

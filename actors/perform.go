package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errNoPermit is what a command's call ends with when it may not be sent any more.
var errNoPermit = errors.New("the command was taken back or is too late")

// A performance is what came of the steps of a command.
type performance struct {
	steps   []*roostv1.StepResult
	results map[string]*roostv1.Value
}

// perform asks for a turn to carry out a command. All its steps happen in one turn, so
// that nothing comes between them. Its end goes to the supervisor, which outlives this
// incarnation and keeps the record.
func (d *device) perform(ctx actor.Context, msg *perform) {
	actuator, ok := d.session.(Actuator)
	if !ok { // checkAbilities lets none through
		d.fail(roostv1.Errorf(roostv1.ErrInternal, "a command reached a device that takes none"))
	}
	self, env, supervisor := ctx.Self(), d.env, d.begin.supervisor
	work := func(ctx context.Context) (any, error) {
		ctx, leave, ok := msg.fence.Enter(ctx)
		if !ok {
			return nil, errSuspended
		}
		defer leave()
		if !msg.permit.dispatch(time.Now()) {
			return nil, errNoPermit
		}
		return carryOut(ctx, actuator, msg.actions)
	}
	d.command = d.calling("command", classCommand, msg.timeout, work, func(end outcome) {
		env.send(supervisor, &performed{order: msg.order, permit: msg.permit, outcome: end})
		if end.abandoned || errors.Is(end.err, roostv1.ErrPanic) {
			env.send(self, &broken{status: deviceStatus("command", end.err)})
		}
	})
	counted := d.command.late
	d.command.late = func(end outcome) {
		counted(end)
		env.send(supervisor, &performed{order: msg.order, permit: msg.permit, outcome: end, late: true})
	}
	env.send(d.begin.bus, &turnWanted{call: d.command})
}

// carryOut does the actions in order and stops at the first that fails, and before the next
// when ctx has ended. A panic on the way keeps what was done so far in the error.
func carryOut(ctx context.Context, actuator Actuator, actions []Action) (any, error) {
	p := &performance{}
	for _, a := range actions {
		p.steps = append(p.steps, &roostv1.StepResult{Resource: a.Resource, Value: a.Value})
	}
	for i, a := range actions {
		if i > 0 && ctx.Err() != nil { // the lease may be lost, or the bus withdrawn
			return p, fmt.Errorf("stopped before step %d of %d: %w", i+1, len(actions), context.Cause(ctx))
		}
		step := p.steps[i]
		step.State = roostv1.CommandState_COMMAND_STATE_UNKNOWN // should it panic
		answer, err := actuate(ctx, actuator, a)
		if err != nil {
			step.State = stepState(err)
			step.Status = deviceStatus("actuate", err)
			return p, err
		}
		step.State = roostv1.CommandState_COMMAND_STATE_SUCCEEDED
		for name, value := range answer {
			if p.results == nil {
				p.results = make(map[string]*roostv1.Value, len(answer))
			}
			p.results[name] = value
		}
	}
	return p, nil
}

// actuate calls the driver; its panic is an error here, so that the steps before it
// are not forgotten.
func actuate(ctx context.Context, actuator Actuator, a Action) (map[string]*roostv1.Value, error) {
	answer, err := protect(ctx, func(ctx context.Context) (any, error) { return actuator.Actuate(ctx, a) })
	values, _ := answer.(map[string]*roostv1.Value)
	return values, err
}

// stepState tells the outcome of a step from the driver's error.
func stepState(err error) roostv1.CommandState {
	if errors.Is(err, ErrNotSent) || errors.Is(err, ErrRefused) {
		return roostv1.CommandState_COMMAND_STATE_FAILED
	}
	return roostv1.CommandState_COMMAND_STATE_UNKNOWN
}

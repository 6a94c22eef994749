package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// A performance is what came of the steps of a command.
type performance struct {
	began   time.Time
	steps   []*roostv1.StepResult
	results map[string]*roostv1.Value
}

// errStopped is what a command ends with that was stopped between two steps. What it has done by then
// is certain.
type errStopped struct {
	before, of int // the step that was not begun, from 1
	why        error
}

func (e errStopped) Error() string {
	return fmt.Sprintf("stopped before step %d of %d: %v", e.before, e.of, e.why)
}

func (e errStopped) Unwrap() error { return e.why }

// perform asks for a turn to carry out a command. All its steps happen in one turn, so
// that nothing comes between them. Its end goes to the supervisor, which outlives this
// incarnation and keeps the record.
func (d *device) perform(ctx actor.Context, msg *perform) {
	actuator, ok := d.session.(Actuator)
	if !ok { // checkAbilities lets none through
		d.fail(roostv1.Errorf(roostv1.ErrInternal, "a command reached a device that takes none"))
	}
	self, env, supervisor, a := ctx.Self(), d.env, d.begin.supervisor, msg.attempt
	work := func(ctx context.Context) (any, error) { return a.run(ctx, actuator) }
	d.command = d.calling("command", classCommand, msg.timeout, work, func(end outcome) {
		env.send(supervisor, &performed{order: a.order, permit: a.permit, outcome: end})
		if end.abandoned || errors.Is(end.err, roostv1.ErrPanic) || errors.Is(end.err, ErrSessionOver) {
			env.send(self, &broken{status: deviceStatus("command", end.err)})
		}
	})
	d.command.unwanted = func() bool { return !a.permit.open() }
	counted := d.command.late
	d.command.late = func(end outcome) {
		counted(end)
		env.send(supervisor, &performed{order: a.order, permit: a.permit, outcome: end, late: true})
	}
	env.send(d.begin.bus, &turnWanted{call: d.command})
}

// carryOut does the actions in order and stops at the first that fails, and before the next
// when shut tells why. A panic on the way keeps what was done so far in the error.
func carryOut(ctx context.Context, actuator Actuator, actions []Action, shut func(context.Context) error) (any, error) {
	p := &performance{began: time.Now()}
	for _, a := range actions {
		p.steps = append(p.steps, &roostv1.StepResult{Resource: a.Resource, Value: a.Value})
	}
	for i, a := range actions {
		if i > 0 {
			if err := shut(ctx); err != nil { // the lease may be lost, or the bus withdrawn
				return p, errStopped{before: i + 1, of: len(actions), why: err}
			}
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
		p.answered(answer)
	}
	return p, nil
}

// answered notes what the device answered to a step.
func (p *performance) answered(values map[string]*roostv1.Value) {
	for name, value := range values {
		if value == nil {
			continue
		}
		if p.results == nil {
			p.results = make(map[string]*roostv1.Value, len(values))
		}
		p.results[validText(name)] = validValue(value)
	}
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

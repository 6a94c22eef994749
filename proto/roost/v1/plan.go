package roostv1

import (
	"fmt"
	"time"
)

// Plan is a command resolved against a profile: what to do, with nothing left to
// check. It shares values with both and must not be changed.
type Plan struct {
	// Command is the command's name.
	Command string
	// Arguments has every argument of the command in its own type, defaults included.
	Arguments map[string]*Value
	// Steps are the writes, in order; none: the driver is given the command as a whole.
	Steps []Write
	// WriteKind is the strictest of the command and the resources that it writes.
	WriteKind WriteKind
	// Timeout is how long the execution may take; always above zero.
	Timeout time.Duration
	// Confirmation is how success is to be known; never unspecified.
	Confirmation Confirmation
}

// Write is one write of a plan: a writable resource and a value of its type,
// within its limits.
type Write struct {
	Resource string
	Value    *Value
}

// write adds a step, which can only make the plan stricter.
func (x *Plan) write(r *Resource, v *Value) {
	x.Steps = append(x.Steps, Write{Resource: r.GetName(), Value: v})
	x.WriteKind = stricter(x.WriteKind, r.GetWriteKind())
}

// stricter returns the kind of which less is known to be harmless when repeated.
func stricter(a, b WriteKind) WriteKind {
	if a.strictness() >= b.strictness() {
		return a
	}
	return b
}

func (x WriteKind) strictness() int {
	switch x {
	case WriteKind_WRITE_KIND_ABSOLUTE:
		return 0
	case WriteKind_WRITE_KIND_RELATIVE:
		return 1
	case WriteKind_WRITE_KIND_PULSE:
		return 2
	default:
		return 3
	}
}

// MakePlan checks a command against the profile of its device and resolves it. The
// command "set" writes the resources that its arguments name, in the profile's order.
//
// The error is a *Status: ErrNotFound for a command that the profile does not have,
// and ErrInvalid for all else. It names device, command and argument, and what is wrong:
// "pump-1: set_speed: rpm = 9000 1/min is above the maximum 3000".
//
// Neither message needs to have been validated; see [ValidateCommand] for the
// rest of the command.
func MakePlan(p *Profile, c *Command) (*Plan, error) {
	m := planner{profile: p, command: c}
	switch {
	case c == nil:
		return nil, Errorf(ErrInvalid, "no command")
	case p == nil:
		return nil, m.refuse("the profile of the device is not known")
	case c.Name == CommandSet:
		return m.planSet()
	}
	spec := p.Command(c.Name)
	if spec == nil {
		return nil, m.unknown()
	}
	return m.plan(spec)
}

// planner holds what every step of making a plan needs.
type planner struct {
	profile *Profile
	command *Command
}

// refuse says no, naming device and command.
func (m planner) refuse(format string, args ...any) *Status {
	return Errorf(ErrInvalid, "%s: %s: %s", shown(m.command.DeviceId), shown(m.command.Name), fmt.Sprintf(format, args...))
}

// admit checks one named value. target is the resource that it is for, if that is
// worth saying.
func (m planner) admit(name, target string, v *Value, b bounds) (*Value, error) {
	if v.GetKind() == nil {
		return nil, m.refuse("%s has no value, where %s is needed", shown(name), b.kind.noun())
	}
	admitted, err := b.admit(v)
	switch {
	case err == nil:
		return admitted, nil
	case target == "" || target == name:
		return nil, m.refuse("%s = %s", shown(name), err.Error())
	default:
		return nil, m.refuse("%s = %s, for %s", shown(name), err.Error(), shown(target))
	}
}

// finish settles timeout and confirmation; spec is nil for "set".
func (m planner) finish(plan *Plan, spec *CommandSpec) (*Plan, error) {
	if d := m.command.Timeout; d != nil {
		if flaw := durationFlaw(d, 1, MaxTimeout); flaw != "" {
			return nil, m.refuse("timeout: %s", flaw)
		}
	}
	plan.Timeout = span(m.command.Timeout, span(spec.GetTimeout(), DefaultTimeout, MaxTimeout), MaxTimeout)
	plan.Confirmation = max(m.command.Confirmation, spec.GetConfirmation(), Confirmation_CONFIRMATION_PROTOCOL_ACK)
	if !known(plan.Confirmation) {
		return nil, m.refuse("confirmation %d is not known", plan.Confirmation)
	}
	if plan.Confirmation == Confirmation_CONFIRMATION_READBACK {
		if err := m.checkReadback(plan); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

// checkReadback refuses a plan whose success could never be read back, before
// anything is written.
func (m planner) checkReadback(plan *Plan) error {
	if len(plan.Steps) == 0 {
		return m.refuse("the driver takes it as a whole, so nothing can be read back to confirm it")
	}
	for _, w := range plan.Steps {
		if m.profile.Readback(m.profile.Resource(w.Resource)) == nil {
			return m.refuse("%s cannot be read back to confirm it", shown(w.Resource))
		}
	}
	return nil
}

package roostv1

import (
	"maps"
	"slices"
)

// plan resolves a command that the profile describes.
func (m planner) plan(spec *CommandSpec) (*Plan, error) {
	arguments, err := m.arguments(spec)
	if err != nil {
		return nil, err
	}
	plan := &Plan{Command: spec.GetName(), Arguments: arguments, WriteKind: spec.GetWriteKind()}
	for i, step := range spec.GetSteps() {
		r, v, err := m.step(i, step, arguments)
		if err != nil {
			return nil, err
		}
		plan.write(r, v)
	}
	return m.finish(plan, spec)
}

// arguments checks what the sender gave and fills in what it left out.
func (m planner) arguments(spec *CommandSpec) (map[string]*Value, error) {
	var names []string
	for _, a := range spec.GetArguments() {
		names = append(names, a.GetName())
	}
	for _, name := range slices.Sorted(maps.Keys(m.command.Arguments)) {
		switch {
		case slices.Contains(names, name):
		case len(names) == 0:
			return nil, m.refuse("there is no argument %s: it takes none", shown(name))
		default:
			return nil, m.refuse("there is no argument %s; it takes %s", shown(name), list(names))
		}
	}
	resolved := make(map[string]*Value, len(names))
	for _, a := range spec.GetArguments() {
		v, given := m.command.Arguments[a.GetName()]
		if !given {
			v = a.GetDefault()
		}
		if !given && v == nil {
			return nil, m.refuse("argument %s is missing: %s", shown(a.GetName()), a.GetType().noun())
		}
		v, err := m.admit(a.GetName(), "", v, a.bounds())
		if err != nil {
			return nil, err
		}
		resolved[a.GetName()] = v
	}
	return resolved, nil
}

// step returns what one step of the profile's command writes. Only a profile that
// was not validated names a resource or an argument that there is not.
func (m planner) step(i int, step *Step, arguments map[string]*Value) (*Resource, *Value, error) {
	r := m.profile.Resource(step.GetResource())
	switch {
	case r == nil:
		return nil, nil, m.refuse("step %d: profile %s has no resource %s", i+1, shown(m.profile.GetId()), shown(step.GetResource()))
	case !r.Writable():
		return nil, nil, m.refuse("step %d: %s cannot be written", i+1, shown(r.Name))
	}
	name, v := r.Name, step.GetValue()
	if source, ok := step.GetSource().(*Step_Argument); ok {
		name, v = source.Argument, arguments[source.Argument]
	}
	v, err := m.admit(name, r.Name, v, r.bounds())
	return r, v, err
}

// unknown says which commands there are.
func (m planner) unknown() error {
	device, profile := shown(m.command.DeviceId), shown(m.profile.GetId())
	var names []string
	for _, c := range m.profile.Commands {
		names = append(names, c.GetName())
	}
	if len(m.writable()) > 0 {
		names = append(names, CommandSet)
	}
	if len(names) == 0 {
		return Errorf(ErrNotFound, "%s: there is no command %s: profile %s has none", device, shown(m.command.Name), profile)
	}
	return Errorf(ErrNotFound, "%s: there is no command %s; profile %s has %s", device, shown(m.command.Name), profile, list(names))
}

package roostv1

import (
	"maps"
	"slices"
)

// planSet plans the command that every profile has.
func (m planner) planSet() (*Plan, error) {
	if len(m.command.Arguments) == 0 {
		return nil, m.refuse("no resource to write; %s", m.choice())
	}
	for _, name := range slices.Sorted(maps.Keys(m.command.Arguments)) {
		switch r := m.profile.Resource(name); {
		case r == nil:
			return nil, m.refuse("there is no resource %s; %s", shown(name), m.choice())
		case !r.Writable():
			return nil, m.refuse("%s cannot be written; %s", shown(name), m.choice())
		}
	}
	plan := &Plan{
		Command:   CommandSet,
		Arguments: make(map[string]*Value, len(m.command.Arguments)),
		WriteKind: WriteKind_WRITE_KIND_ABSOLUTE,
	}
	for _, r := range m.profile.Resources {
		given, ok := m.command.Arguments[r.GetName()]
		if !ok || plan.Arguments[r.GetName()] != nil {
			continue
		}
		v, err := m.admit(r.GetName(), "", given, r.bounds())
		if err != nil {
			return nil, err
		}
		plan.Arguments[r.GetName()] = v
		plan.write(r, v)
	}
	return m.finish(plan, nil)
}

// writable returns the names of the resources that "set" can write.
func (m planner) writable() []string {
	var names []string
	for _, r := range m.profile.GetResources() {
		if r.Writable() {
			names = append(names, r.GetName())
		}
	}
	return names
}

// choice ends a message with what could have been named.
func (m planner) choice() string {
	names := m.writable()
	if len(names) == 0 {
		return "profile " + shown(m.profile.GetId()) + " has none that can be written"
	}
	return "writable are " + list(names)
}

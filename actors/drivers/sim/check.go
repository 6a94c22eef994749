package sim

import (
	"fmt"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// checkProfile tells what is in a profile that hardware of that kind has not.
func checkProfile(p *roostv1.Profile, k kind) roostv1.Problems {
	var problems roostv1.Problems
	has := k.profile()
	for i, r := range p.GetResources() {
		path := fmt.Sprintf("resources[%d]", i)
		problems = append(problems, checkResource(path, r, has.Resource(r.GetName()), k.name)...)
	}
	for i, c := range p.GetCommands() {
		if len(c.GetSteps()) > 0 {
			continue // They write resources, and that is all.
		}
		if own := has.Command(c.GetName()); own == nil || len(own.GetSteps()) > 0 {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and a %s has no such command of its own", c.GetName(), k.name),
			})
		}
	}
	return problems
}

func checkResource(path string, r, own *roostv1.Resource, kind string) roostv1.Problems {
	var problems roostv1.Problems
	wrong := func(field, format string, args ...any) {
		problems = append(problems, roostv1.Problem{Path: path + field, Message: fmt.Sprintf(format, args...)})
	}
	if own == nil {
		wrong(".name", "a %s has no resource %q", kind, r.GetName())
		return problems
	}
	if r.GetType() != own.GetType() && !(numeric(r.GetType()) && numeric(own.GetType())) {
		wrong(".type", "%s is a %s and cannot be a %s", own.GetName(), own.GetType().Word(), r.GetType().Word())
	}
	if r.GetUnit() != "" && r.GetUnit() != own.GetUnit() {
		wrong(".unit", "%s is in %q, not in %q", own.GetName(), own.GetUnit(), r.GetUnit())
	}
	if r.Readable() && !own.Readable() || r.Writable() && !own.Writable() {
		wrong(".access", "%s can be %s only", own.GetName(), own.GetAccess().Word())
	}
	return problems
}

func numeric(t roostv1.ValueType) bool {
	return slices.Contains([]roostv1.ValueType{isDouble, isUint, roostv1.ValueType_VALUE_TYPE_INT}, t)
}

package rig

import (
	"fmt"
	"maps"
	"slices"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ProfileID is the id of the profile that [Profile] returns.
const ProfileID = "rig"

// Short words for the table that the profile is.
const (
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL

	read  = roostv1.Access_ACCESS_READ
	write = roostv1.Access_ACCESS_WRITE
	both  = roostv1.Access_ACCESS_READ_WRITE

	absolute = roostv1.WriteKind_WRITE_KIND_ABSOLUTE
	relative = roostv1.WriteKind_WRITE_KIND_RELATIVE
	pulse    = roostv1.WriteKind_WRITE_KIND_PULSE
)

// Profile returns the profile of a device with all that it has.
func Profile() *roostv1.Profile {
	return &roostv1.Profile{
		Id:          ProfileID,
		Description: "A simulated device in a process of its own",
		Resources: []*roostv1.Resource{
			{
				Name: wire.ResourceValue, Description: "What it measures", Type: isDouble, Unit: "Cel",
				Min: new(-40.0), Max: new(125.0), Access: read,
			},
			{Name: wire.ResourceCount, Description: "How often it was read", Type: isUint, Access: read},
			{
				Name: wire.ResourceSetpoint, Description: "What it is set to", Type: isDouble, Unit: "Cel",
				Min: new(0.0), Max: new(wire.MaxSetpoint), Access: both, WriteKind: absolute,
			},
			{
				Name: wire.ResourceDose, Description: "Amount to dose, once", Type: isDouble, Unit: "mL",
				Min: new(0.0), Max: new(wire.MaxDose), Access: write, WriteKind: relative,
			},
			{
				Name: wire.ResourceDosed, Description: "All that was dosed", Type: isDouble, Unit: "mL",
				Min: new(0.0), Access: read,
			},
			{Name: wire.ResourcePulse, Description: "Acts once", Type: isBool, Access: write, WriteKind: pulse},
			{Name: wire.ResourcePulses, Description: "How often it acted", Type: isUint, Access: read},
		},
		Commands: []*roostv1.CommandSpec{
			taking("set_setpoint", "Set the setpoint", "celsius", "Cel", wire.MaxSetpoint, wire.ResourceSetpoint, absolute),
			taking("dose", "Dose once", "ml", "mL", wire.MaxDose, wire.ResourceDose, relative),
			{
				Name: "pulse", Description: "Act once", WriteKind: pulse,
				Steps: []*roostv1.Step{{
					Resource: wire.ResourcePulse, Source: &roostv1.Step_Value{Value: roostv1.Bool(true)},
				}},
			},
		},
	}
}

// taking returns a command that writes its only argument, a number from 0 to most, to a resource.
func taking(name, description, argument, unit string, most float64, resource string, kind roostv1.WriteKind) *roostv1.CommandSpec {
	return &roostv1.CommandSpec{
		Name: name, Description: description, WriteKind: kind,
		Arguments: []*roostv1.Argument{{Name: argument, Type: isDouble, Unit: unit, Min: new(0.0), Max: &most}},
		Steps:     []*roostv1.Step{{Resource: resource, Source: &roostv1.Step_Argument{Argument: argument}}},
	}
}

// checkProfile tells what is in a profile that such devices have not.
func checkProfile(p *roostv1.Profile) roostv1.Problems {
	var problems roostv1.Problems
	has := Profile()
	for i, r := range p.GetResources() {
		problems = append(problems, checkResource(fmt.Sprintf("resources[%d]", i), r, has.Resource(r.GetName()))...)
	}
	for i, c := range p.GetCommands() {
		if len(c.GetSteps()) == 0 {
			problems = append(problems, roostv1.Problem{
				Path:    fmt.Sprintf("commands[%d].steps", i),
				Message: fmt.Sprintf("command %q has none, and such devices have no commands of their own", c.GetName()),
			})
		}
	}
	return problems
}

func checkResource(path string, r, own *roostv1.Resource) roostv1.Problems {
	var problems roostv1.Problems
	wrong := func(field, format string, args ...any) {
		problems = append(problems, roostv1.Problem{Path: path + field, Message: fmt.Sprintf(format, args...)})
	}
	if own == nil {
		wrong(".name", "such devices have no resource %q", r.GetName())
		return problems
	}
	if (r.GetType() == isBool) != (own.GetType() == isBool) || !numberOrBool(r.GetType()) {
		wrong(".type", "%s is a %s and cannot be a %s", own.GetName(), own.GetType().Word(), r.GetType().Word())
	}
	if r.GetUnit() != "" && r.GetUnit() != own.GetUnit() {
		wrong(".unit", "%s is in %q, not in %q", own.GetName(), own.GetUnit(), r.GetUnit())
	}
	if r.Readable() && !own.Readable() || r.Writable() && !own.Writable() {
		wrong(".access", "%s can be %s only", own.GetName(), own.GetAccess().Word())
	}
	for _, key := range slices.Sorted(maps.Keys(r.GetProtocol())) {
		wrong(fmt.Sprintf(".protocol[%q]", key), "unknown key; the rig driver needs to know nothing about resources")
	}
	return problems
}

func numberOrBool(t roostv1.ValueType) bool {
	return t == isBool || t == isDouble || t == isUint || t == roostv1.ValueType_VALUE_TYPE_INT
}

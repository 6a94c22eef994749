package sim

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Short words for the tables that the profiles are.
const (
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isText   = roostv1.ValueType_VALUE_TYPE_STRING

	absolute = roostv1.WriteKind_WRITE_KIND_ABSOLUTE
	relative = roostv1.WriteKind_WRITE_KIND_RELATIVE
	pulse    = roostv1.WriteKind_WRITE_KIND_PULSE
)

// measured returns a resource that is only read, with numbers between limits.
func measured(name, description, unit string, least, most float64) *roostv1.Resource {
	return &roostv1.Resource{
		Name: name, Description: description, Type: isDouble, Unit: unit,
		Min: &least, Max: &most, Access: roostv1.Access_ACCESS_READ,
	}
}

// totalled returns a resource that counts up from zero.
func totalled(name, description, unit string, t roostv1.ValueType) *roostv1.Resource {
	return &roostv1.Resource{
		Name: name, Description: description, Type: t, Unit: unit,
		Min: new(0.0), Access: roostv1.Access_ACCESS_READ,
	}
}

// shown returns a resource that is only read and true or false.
func shown(name, description string) *roostv1.Resource {
	return &roostv1.Resource{Name: name, Description: description, Type: isBool, Access: roostv1.Access_ACCESS_READ}
}

// settable returns r as a resource that can be written too, and whose write is
// seen in readback, empty for itself, after a while.
func settable(r *roostv1.Resource, readback string, tolerance float64, settle time.Duration) *roostv1.Resource {
	r.Access, r.WriteKind = roostv1.Access_ACCESS_READ_WRITE, absolute
	r.Readback, r.ReadbackTolerance, r.SettleTime = readback, tolerance, durationpb.New(settle)
	return r
}

// triggered returns r as a resource that is only written, and acts at each write.
func triggered(r *roostv1.Resource, w roostv1.WriteKind) *roostv1.Resource {
	r.Access, r.WriteKind = roostv1.Access_ACCESS_WRITE, w
	return r
}

// always returns a command that writes a constant.
func always(name, description, resource string, v *roostv1.Value, w roostv1.WriteKind) *roostv1.CommandSpec {
	return &roostv1.CommandSpec{
		Name: name, Description: description, WriteKind: w,
		Steps: []*roostv1.Step{{Resource: resource, Source: &roostv1.Step_Value{Value: v}}},
	}
}

// taking returns a command that writes its only argument to r.
func taking(name, description, argument string, r *roostv1.Resource) *roostv1.CommandSpec {
	return &roostv1.CommandSpec{
		Name: name, Description: description, WriteKind: r.WriteKind,
		Arguments: []*roostv1.Argument{{
			Name: argument, Description: r.Description, Type: r.Type, Unit: r.Unit,
			Min: r.Min, Max: r.Max, Options: r.Options,
		}},
		Steps: []*roostv1.Step{{Resource: r.Name, Source: &roostv1.Step_Argument{Argument: argument}}},
	}
}

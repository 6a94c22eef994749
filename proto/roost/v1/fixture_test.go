package roostv1_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// reporter is what a check needs of a *testing.T or a *rapid.T.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// pump is a profile with something of everything.
func pump() *roostv1.Profile {
	const (
		readWrite = roostv1.Access_ACCESS_READ_WRITE
		write     = roostv1.Access_ACCESS_WRITE
		absolute  = roostv1.WriteKind_WRITE_KIND_ABSOLUTE
		relative  = roostv1.WriteKind_WRITE_KIND_RELATIVE
		pulse     = roostv1.WriteKind_WRITE_KIND_PULSE
	)
	return &roostv1.Profile{
		Id:          "pump",
		Description: "A pump\nwith a motor.",
		Resources: []*roostv1.Resource{
			{Name: "flow", Type: typeDouble, Unit: "m3/h", Min: proto.Float64(0), Max: proto.Float64(50), Deadband: 0.1},
			{Name: "speed", Type: typeInt, Unit: "1/min", Min: proto.Float64(0), Max: proto.Float64(3000), Access: readWrite, WriteKind: absolute},
			{Name: "mode", Type: typeString, Options: []string{"auto", "manual", "off"}, Access: readWrite, WriteKind: absolute},
			{Name: "trim", Type: typeDouble, Unit: "%", Access: write, WriteKind: relative},
			{Name: "start", Type: typeBool, Access: write, WriteKind: pulse, Readback: "running"},
			{Name: "running", Type: typeBool},
		},
		Commands: []*roostv1.CommandSpec{
			{
				Name: "set_speed",
				Arguments: []*roostv1.Argument{
					{Name: "rpm", Type: typeDouble, Unit: "1/min", Min: proto.Float64(0), Max: proto.Float64(3000)},
				},
				Steps:     []*roostv1.Step{{Resource: "speed", Source: &roostv1.Step_Argument{Argument: "rpm"}}},
				WriteKind: absolute,
				Timeout:   durationpb.New(7 * time.Second),
			},
			{
				Name: "run",
				Arguments: []*roostv1.Argument{
					{Name: "rpm", Type: typeUint, Default: roostv1.Int(900)},
					{Name: "mode", Type: typeString, Options: []string{"auto", "manual"}, Default: roostv1.Text("auto")},
				},
				Steps: []*roostv1.Step{
					{Resource: "mode", Source: &roostv1.Step_Argument{Argument: "mode"}},
					{Resource: "speed", Source: &roostv1.Step_Argument{Argument: "rpm"}},
					{Resource: "start", Source: &roostv1.Step_Value{Value: roostv1.Bool(true)}},
				},
				WriteKind:    absolute,
				Confirmation: roostv1.Confirmation_CONFIRMATION_READBACK,
			},
			{
				Name:      "purge",
				Arguments: []*roostv1.Argument{{Name: "seconds", Type: typeUint, Max: proto.Float64(60)}},
				WriteKind: pulse,
			},
		},
	}
}

// plant is a fleet without a fault: two pumps on one bus, and one that stands alone.
func plant() *roostv1.Fleet {
	device := func(id, bus string) *roostv1.DeviceSpec {
		return &roostv1.DeviceSpec{
			Id: id, Profile: "pump", Driver: "sim", Bus: bus,
			Address:   map[string]string{"host": "10.0.0.7"},
			Placement: &roostv1.Placement{Gateways: []string{"g1", "g2"}},
			Labels:    map[string]string{"hall": "north 2"},
		}
	}
	return &roostv1.Fleet{
		Profiles: []*roostv1.Profile{pump()},
		Devices:  []*roostv1.DeviceSpec{device("pump-1", "b7"), device("pump-2", "b7"), device("pump-3", "")},
	}
}

func TestFixtureIsWithoutFault(t *testing.T) {
	for _, p := range roostv1.ValidateFleet(plant()) {
		t.Error(p)
	}
}

package roostv1_test

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func valve() *roostv1.Profile {
	return &roostv1.Profile{
		Id: "valve",
		Resources: []*roostv1.Resource{{
			Name: "opening", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "%",
			Min: proto.Float64(0), Max: proto.Float64(100),
			Access:    roostv1.Access_ACCESS_READ_WRITE,
			WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
		}},
	}
}

func ExampleMakePlan() {
	command := &roostv1.Command{
		DeviceId:  "valve-1",
		Name:      roostv1.CommandSet,
		Arguments: map[string]*roostv1.Value{"opening": roostv1.Int(40)},
	}
	plan, err := roostv1.MakePlan(valve(), command)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, write := range plan.Steps {
		fmt.Printf("%s = %s, %s, within %v\n", write.Resource, write.Value.Format(), plan.WriteKind.Word(), plan.Timeout)
	}

	command.Arguments["opening"] = roostv1.Int(140)
	_, err = roostv1.MakePlan(valve(), command)
	fmt.Println(err, "- the sender's mistake:", errors.Is(err, roostv1.ErrInvalid))
	// Output:
	// opening = 40, ABSOLUTE, within 5s
	// valve-1: set: opening = 140 % is above the maximum 100 - the sender's mistake: true
}

func ExampleValidateFleet() {
	fleet := &roostv1.Fleet{
		Profiles: []*roostv1.Profile{valve()},
		Devices: []*roostv1.DeviceSpec{
			{Id: "valve-1", Profile: "valve", Driver: "sim"},
			{Id: "valve 2", Profile: "valves", Driver: "sin"},
		},
	}
	for _, problem := range roostv1.ValidateFleet(fleet, roostv1.WithDrivers("host", "sim")) {
		fmt.Println(problem)
	}
	// Output:
	// devices[1].id: device id "valve 2": character ' ' at position 6 is not one of A-Z a-z 0-9 _ -
	// devices[1].profile: device "valve 2": there is no profile valves
	// devices[1].driver: device "valve 2": there is no driver sin; there are host, sim
}

func ExampleParseValue() {
	opening := valve().Resource("opening")
	for _, typed := range []string{"40", "4e1", "half"} {
		v, err := roostv1.ParseValue(opening.Type, typed)
		fmt.Println(v.Format(), err)
	}
	// Output:
	// 40 <nil>
	// 40 <nil>
	// - "half" is not a number
}

func ExampleCheckReading() {
	opening := valve().Resource("opening")
	for _, sampled := range []*roostv1.Value{roostv1.Uint(40), roostv1.Double(100.2), roostv1.Text("open")} {
		v, quality, reason := roostv1.CheckReading(opening, sampled)
		fmt.Println(v.Format(), quality.Word(), reason.Word())
	}
	// Output:
	// 40 good -
	// 100.2 uncertain out of range
	// - bad decode error
}

func ExampleUnmarshal() {
	var command roostv1.Command
	isJSON, err := roostv1.Unmarshal([]byte(`{"deviceId":"valve-1", "name":"set"}`), &command)
	fmt.Println(command.DeviceId, isJSON, err)

	_, err = roostv1.Unmarshal([]byte(`{"device":"valve-1"}`), &command)
	fmt.Println(err)
	// Output:
	// valve-1 true <nil>
	// roost.v1.Command: not readable as JSON: (line 1:2): unknown field "device"
}

package fleetfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// shop is a fleet with something of everything.
func shop(text string) *roostv1.Fleet {
	return &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{
			Id: "meter", Description: text, Manufacturer: "Eastron",
			Resources: []*roostv1.Resource{
				{Name: "power", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "W", Access: roostv1.Access_ACCESS_READ,
					Min: new(-0.5), Protocol: map[string]string{"address": "12", "table": "input", "odd": "0x10", "null": "null", "yes": "true", "e": "1e3"}},
				{Name: "mode", Type: roostv1.ValueType_VALUE_TYPE_STRING, Options: []string{"a", "1", "true"}, Access: roostv1.Access_ACCESS_READ_WRITE,
					WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE, PollInterval: durationpb.New(90 * time.Minute)},
			},
			Commands: []*roostv1.CommandSpec{{Name: "off", Steps: []*roostv1.Step{
				{Resource: "mode", Source: &roostv1.Step_Value{Value: roostv1.Text("a")}},
			}, Timeout: durationpb.New(time.Minute)}},
		}},
		Devices: []*roostv1.DeviceSpec{{Id: "m-1", Profile: "meter", Driver: "modbus", Bus: "line", ExclusiveSession: true,
			Address: map[string]string{"tcp": "[::1]:502", "unit": "7", "topic": "#", "odd": text},
			Labels:  map[string]string{"site": "north"}, PollInterval: durationpb.New(1500 * time.Millisecond)}},
	}
}

// TestFormatIsReadBack: what is written is the fleet, and people can read it.
func TestFormatIsReadBack(t *testing.T) {
	want := shop("A meter: #1")
	got, err := fleetfile.Format(want, "Found today\nby roost", func(m proto.Message) string {
		switch m := m.(type) {
		case *roostv1.Resource:
			return "is " + m.Name
		case *roostv1.DeviceSpec:
			return "two\nlines"
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	const text = `# Found today
# by roost

profiles:
  - id: meter
    description: 'A meter: #1'
    manufacturer: Eastron
    resources:
      # is power
      - name: power
        type: double
        unit: W
        min: -0.5
        access: read
        protocol: {address: 12, e: '1e3', 'null': 'null', odd: '0x10', table: input, yes: 'true'}
      # is mode
      - name: mode
        type: string
        options: [a, 1, 'true']
        access: read_write
        write_kind: absolute
        poll_interval: 1h30m
    commands:
      - name: off
        steps:
          - resource: mode
            value:
              string: a
        timeout: 1m
devices:
  # two
  # lines
  - id: m-1
    profile: meter
    driver: modbus
    address: {odd: 'A meter: #1', tcp: '[::1]:502', topic: '#', unit: 7}
    bus: line
    exclusive_session: true
    poll_interval: 1.5s
    labels: {site: north}
`
	if diff := cmp.Diff(text, string(got)); diff != "" {
		t.Errorf("the file (-want +got):\n%s", diff)
	}
	read, err := fleetfile.Parse("written", got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read, protocmp.Transform()); diff != "" {
		t.Errorf("the fleet (-want +got):\n%s", diff)
	}
}

// FuzzFormat: no text that a device says of itself is taken for anything but text.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"", "#", "a\n- b", "\x00\xff\u2028\u0085", "{a: b}", "'\"", "~", "!!int 5", "1_000", "0o7", "- id: x\r\n", "x\rdevices: []", "x\u0085devices: []", "x\u2028devices: []", strings.Repeat("x ", 200), "\ufeff"} {
		f.Add(s, "plain")
		f.Add("plain", s)
	}
	f.Fuzz(func(t *testing.T, text, note string) {
		want := shop("plain")
		want.Devices[0].Labels["site"] = "x"
		want.Devices[0].Address["odd"] = text
		if len(roostv1.ValidateFleet(want)) > 0 {
			return
		}
		got, err := fleetfile.Format(want, note, func(proto.Message) string { return note })
		if err != nil {
			t.Fatal(err)
		}
		read, err := fleetfile.Parse("written", got)
		if err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		if diff := cmp.Diff(want, read, protocmp.Transform()); diff != "" {
			t.Errorf("the fleet (-want +got):\n%s\n%s", diff, got)
		}
	})
}

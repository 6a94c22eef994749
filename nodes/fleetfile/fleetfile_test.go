package fleetfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/nodes/fleetfile"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const valve = `
profiles:
- id: valve
  resources:
  - {name: position, type: double, unit: "%", min: 0, max: 1e2, access: read_write, write_kind: ABSOLUTE, settle_time: 1m30s}
  - {name: locked, type: bool, access: Read-Write, write_kind: absolute, pollInterval: 0.5s}
  commands:
  - name: move
    write_kind: absolute
    confirmation: CONFIRMATION_READBACK
    arguments:
    - {name: position, type: double, unit: "%", min: 0, max: 100, default: 50}
    steps:
    - {resource: locked, value: false}
    - {resource: position, argument: position}
devices:
- id: inlet
  description:
  profile: valve
  driver: modbus
  address: {host: 10.0.0.7, port: 502, unit: 0x0b, strict: true}
  admin_state: locked
  supervision: &gentle {base_delay: 2s, max_failures: 3}
  outbox_limit: "100"
- {id: outlet, profile: valve, driver: modbus, supervision: *gentle}
`

func valveFleet() *roostv1.Fleet {
	supervision := &roostv1.SupervisionPolicy{BaseDelay: durationpb.New(2 * time.Second), MaxFailures: 3}
	return &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{
			Id: "valve",
			Resources: []*roostv1.Resource{{
				Name: "position", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "%", Min: proto.Float64(0), Max: proto.Float64(100),
				Access: roostv1.Access_ACCESS_READ_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
				SettleTime: durationpb.New(90 * time.Second),
			}, {
				Name: "locked", Type: roostv1.ValueType_VALUE_TYPE_BOOL,
				Access: roostv1.Access_ACCESS_READ_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
				PollInterval: durationpb.New(500 * time.Millisecond),
			}},
			Commands: []*roostv1.CommandSpec{{
				Name: "move", WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
				Confirmation: roostv1.Confirmation_CONFIRMATION_READBACK,
				Arguments: []*roostv1.Argument{{
					Name: "position", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "%", Min: proto.Float64(0), Max: proto.Float64(100),
					Default: roostv1.Int(50),
				}},
				Steps: []*roostv1.Step{
					{Resource: "locked", Source: &roostv1.Step_Value{Value: roostv1.Bool(false)}},
					{Resource: "position", Source: &roostv1.Step_Argument{Argument: "position"}},
				},
			}},
		}},
		Devices: []*roostv1.DeviceSpec{{
			Id: "inlet", Profile: "valve", Driver: "modbus",
			Address:    map[string]string{"host": "10.0.0.7", "port": "502", "unit": "0x0b", "strict": "true"},
			AdminState: roostv1.AdminState_ADMIN_STATE_LOCKED, Supervision: supervision, OutboxLimit: 100,
		}, {
			Id: "outlet", Profile: "valve", Driver: "modbus", Supervision: supervision,
		}},
	}
}

func TestParse(t *testing.T) {
	for name, file := range map[string]string{"plain": valve, "with a byte order mark": "\uFEFF" + valve, "with CRLF": strings.ReplaceAll(valve, "\n", "\r\n")} {
		got, err := fleetfile.Parse("fleet.yaml", []byte(file))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(valveFleet(), got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: fleet (-want +got):\n%s", name, diff)
		}
	}
}

// What protobuf writes as JSON is read back as it was, with names of either kind.
func TestParseJSON(t *testing.T) {
	want := valveFleet()
	for _, options := range []protojson.MarshalOptions{{}, {UseProtoNames: true, Multiline: true}, {EmitUnpopulated: true}} {
		data, err := options.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := fleetfile.Parse("fleet.json", data)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s: fleet (-want +got):\n%s", data, diff)
		}
	}
}

func TestShortValues(t *testing.T) {
	for written, want := range map[string]*roostv1.Value{
		"900":                  roostv1.Int(900),
		"-0x10":                roostv1.Int(-16),
		"18446744073709551615": roostv1.Uint(18446744073709551615),
		"0.5":                  roostv1.Double(0.5),
		"1e3":                  roostv1.Double(1000),
		"true":                 roostv1.Bool(true),
		"False":                roostv1.Bool(false),
		"fast":                 roostv1.Text("fast"),
		"'900'":                roostv1.Text("900"),
		"on":                   roostv1.Text("on"),
		"2026-05-01":           roostv1.Text("2026-05-01"),
		"!!binary aGVsbG8=":    roostv1.Bytes([]byte("hello")),
		"{double: 900}":        roostv1.Double(900),
		"{bytes: aGVsbG8=}":    roostv1.Bytes([]byte("hello")),
		"{string: 900}":        roostv1.Text("900"),
		"{int: '-9000000000'}": roostv1.Int(-9000000000),
		"~":                    nil,
		"":                     nil,
	} {
		file := fmt.Sprintf("profiles: [{id: p, commands: [{name: c, write_kind: pulse, arguments: [{name: a, type: %s, default: %s}]}]}]",
			typeName(want), written)
		fleet, err := fleetfile.Parse("fleet.yaml", []byte(file))
		if err != nil {
			t.Errorf("default: %s: %v", written, err)
			continue
		}
		got := fleet.Profiles[0].Commands[0].Arguments[0].Default
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("default: %s (-want +got):\n%s", written, diff)
		}
	}
}

func typeName(v *roostv1.Value) string {
	if v == nil {
		return "int"
	}
	return v.Type().Word()
}

// Every kind of field that the schema has can be written in a file. A new kind in
// the schema must be added to the package.
func TestEveryKindOfField(t *testing.T) {
	known := map[protoreflect.Kind]bool{
		protoreflect.StringKind: true, protoreflect.BoolKind: true, protoreflect.EnumKind: true, protoreflect.BytesKind: true,
		protoreflect.DoubleKind: true, protoreflect.Uint32Kind: true, protoreflect.Uint64Kind: true, protoreflect.Sint64Kind: true,
		protoreflect.MessageKind: true,
	}
	seen := make(map[protoreflect.FullName]bool)
	var visit func(m protoreflect.MessageDescriptor)
	visit = func(m protoreflect.MessageDescriptor) {
		if seen[m.FullName()] || m.FullName() == "google.protobuf.Duration" {
			return
		}
		seen[m.FullName()] = true
		for i := range m.Fields().Len() {
			field := m.Fields().Get(i)
			if !known[field.Kind()] {
				t.Errorf("%s is a %s", field.FullName(), field.Kind())
			}
			if field.IsMap() && (field.MapKey().Kind() != protoreflect.StringKind || !known[field.MapValue().Kind()]) {
				t.Errorf("%s is a map of another kind", field.FullName())
			}
			if message := field.Message(); message != nil && message.ParentFile().Package() != "roost.v1" && message.FullName() != "google.protobuf.Duration" {
				t.Errorf("%s is a %s", field.FullName(), message.FullName())
			} else if message != nil {
				visit(message)
			}
		}
	}
	visit((*roostv1.Fleet)(nil).ProtoReflect().Descriptor())
	if !seen["roost.v1.Value"] || !seen["roost.v1.DeviceSpec"] {
		t.Errorf("visited only %v", seen)
	}
}

func TestEmptyListsAreAFleet(t *testing.T) {
	for _, file := range []string{"{}", "devices: []", "devices:\nprofiles:\n", "---\ndevices: []\n...\n"} {
		if _, err := fleetfile.Parse("fleet.yaml", []byte(file)); err != nil {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(path, []byte(valve), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := fleetfile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(valveFleet(), got, protocmp.Transform()); diff != "" {
		t.Errorf("fleet (-want +got):\n%s", diff)
	}
}

func TestReadFails(t *testing.T) {
	folder := t.TempDir()
	large := filepath.Join(folder, "large.yaml")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 1<<40); err != nil { // takes no room, and no memory may be taken for it
		t.Skipf("no sparse files here: %v", err)
	}
	for path, is := range map[string]error{
		filepath.Join(folder, "none.yaml"): fs.ErrNotExist,
		large:                              roostv1.ErrInvalid,
		folder:                             nil,
	} {
		_, err := fleetfile.Read(path)
		if err == nil || is != nil && !errors.Is(err, is) {
			t.Errorf("Read(%s) = %v, want %v", path, err, is)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("Read(%s): %q does not name the file", path, err)
		}
	}
}

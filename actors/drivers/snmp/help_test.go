package snmp_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/snmp"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
	isBytes  = roostv1.ValueType_VALUE_TYPE_BYTES
)

// Objects that every agent has.
const (
	sysDescr    = "1.3.6.1.2.1.1.1.0"
	sysObjectID = "1.3.6.1.2.1.1.2.0"
	sysUpTime   = "1.3.6.1.2.1.1.3.0"
	sysContact  = "1.3.6.1.2.1.1.4.0"
	sysName     = "1.3.6.1.2.1.1.5.0"
	sysLocation = "1.3.6.1.2.1.1.6.0"
)

// fields reads words: agent=host:161 version=2c. A _ stands for a space.
func fields(text string) map[string]string {
	all := make(map[string]string)
	for word := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(word, "=")
		all[key] = strings.ReplaceAll(value, "_", " ")
		if strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:") {
			all[key] = value
		}
	}
	return all
}

// device returns a device with an agent; its address is in words.
func device(id, address string, resources ...*roostv1.Resource) actors.Device {
	spec := &roostv1.DeviceSpec{Id: id, Profile: "p", Driver: snmp.Name, Address: fields(address)}
	return actors.Device{Spec: spec, Profile: &roostv1.Profile{Id: "p", Resources: resources}}
}

// resource returns one that can be read and written; its protocol is in words.
func resource(name string, kind roostv1.ValueType, protocol string) *roostv1.Resource {
	return &roostv1.Resource{
		Name: name, Type: kind, Access: roostv1.Access_ACCESS_READ_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE, Protocol: fields(protocol),
	}
}

// reading returns one that can only be read.
func reading(name string, kind roostv1.ValueType, protocol string) *roostv1.Resource {
	r := resource(name, kind, protocol)
	r.Access, r.WriteKind = roostv1.Access_ACCESS_READ, 0
	return r
}

// open opens a session that ends with the test.
func open(t testing.TB, d actors.Device) actors.Session {
	t.Helper()
	return openWith(t, newDriver(), d)
}

func openWith(t testing.TB, driver *snmp.Driver, d actors.Device) actors.Session {
	t.Helper()
	s, err := driver.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(t.Context()) })
	return s
}

// poll reads resources and returns what they are, or why they are nothing.
func poll(t testing.TB, s actors.Session, names ...string) map[string]string {
	t.Helper()
	samples, err := s.(actors.Poller).Poll(t.Context(), names)
	if err != nil {
		t.Fatal(err)
	}
	return shown(samples)
}

func shown(samples []actors.Sample) map[string]string {
	got := make(map[string]string)
	for _, s := range samples {
		got[s.Resource] = s.Value.Format()
		if s.Quality == roostv1.Quality_QUALITY_BAD {
			got[s.Resource] = strings.TrimPrefix(s.Reason.String(), "QUALITY_REASON_")
		}
	}
	return got
}

// wantValues polls what is wanted.
func wantValues(t testing.TB, s actors.Session, want map[string]string) {
	t.Helper()
	got := poll(t, s, slices.Sorted(maps.Keys(want))...)
	for name, want := range want {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

func write(t testing.TB, s actors.Session, name string, v *roostv1.Value) error {
	t.Helper()
	_, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Resource: name, Value: v})
	return err
}

// errUnknown stands for an error that says that nobody knows.
var errUnknown = errors.New("the outcome is unknown")

func wantOutcome(t testing.TB, err, want error) {
	t.Helper()
	sent, refused := !errors.Is(err, actors.ErrNotSent), errors.Is(err, actors.ErrRefused)
	switch want {
	case errUnknown:
		if err == nil || !sent || refused {
			t.Errorf("the outcome is %v, want one that nobody knows", err)
		}
	default:
		if !errors.Is(err, want) {
			t.Errorf("the outcome is %v, want %v", err, want)
		}
	}
}

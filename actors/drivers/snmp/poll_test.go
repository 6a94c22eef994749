package snmp_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// row returns resources r0, r1, ... with objects of their own, and what they are if each is n.
func row(count int, n string) (resources []*roostv1.Resource, values map[string]string) {
	values = make(map[string]string)
	for i := range count {
		name := fmt.Sprintf("r%d", i)
		resources = append(resources, resource(name, isInt, fmt.Sprintf("oid=1.3.6.1.4.1.99.%d.0", i)))
		values[name] = n
	}
	return resources, values
}

func wantSizes(t *testing.T, w *wire, want ...int) {
	t.Helper()
	got := w.sizes()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the agent was asked for %v objects, want %v", got, want)
	}
}

// TestManyObjects: they are asked for with few requests, each object once, and an agent to which that is too much is asked for less.
func TestManyObjects(t *testing.T) {
	limit := 100
	w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
		if len(request.Variables) > limit {
			return [][]byte{datagram(failure(request, gosnmp.TooBig, 0))}
		}
		return always(5)(request)
	})
	resources, values := row(10, "5")
	resources = append(resources, reading("same", isDouble, "oid=1.3.6.1.4.1.99.3.0 scale=2"))
	values["same"] = "10"
	s := open(t, device("d", "agent="+w.at()+" most=8", resources...))
	wantSizes(t, w, 1)
	wantValues(t, s, values)
	wantSizes(t, w, 8, 2)
	w.change(func() { limit = 3 })
	wantValues(t, s, values)
	if again := w.sizes(); len(again) < 5 {
		t.Errorf("the agent was asked for %v", again)
	}
	wantValues(t, s, values)
	for _, size := range w.sizes() {
		if size > 3 {
			t.Errorf("it was asked for %d once more, and gives 3", size)
		}
	}
	w.change(func() { limit = 0 })
	for name := range values {
		values[name] = "COMM_FAILURE"
	}
	wantValues(t, s, values)
}

// TestVersionOne: an object that is not there spoils the answer once, and is asked for alone after that.
func TestVersionOne(t *testing.T) {
	missing := map[string]bool{".1.3.6.1.4.1.99.1.0": true, ".1.3.6.1.4.1.99.4.0": true}
	w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
		for i, v := range request.Variables {
			if missing[v.Name] {
				return [][]byte{datagram(failure(request, gosnmp.NoSuchName, i+1))}
			}
		}
		return always(5)(request)
	})
	resources, values := row(6, "5")
	values["r1"], values["r4"] = "NOT_CONNECTED", "NOT_CONNECTED"
	s := open(t, device("d", "version=1 agent="+w.at(), resources...))
	w.sizes()
	wantValues(t, s, values)
	wantSizes(t, w, 6, 5, 4)
	wantValues(t, s, values)
	wantSizes(t, w, 4, 1, 1)
	w.change(func() { delete(missing, ".1.3.6.1.4.1.99.4.0") })
	values["r4"] = "5"
	wantValues(t, s, values)
	wantSizes(t, w, 4, 1, 1)
	wantValues(t, s, values)
	wantSizes(t, w, 5, 1)
}

// TestErrorsOfReading: an error is that of the object that it names; one that names none is looked for.
func TestErrorsOfReading(t *testing.T) {
	for _, test := range []struct {
		status gosnmp.SNMPError
		named  bool
		want   string
	}{
		{gosnmp.GenErr, true, "SENSOR_FAULT"}, {gosnmp.GenErr, false, "SENSOR_FAULT"}, {gosnmp.NoSuchName, false, "NOT_CONNECTED"},
		{gosnmp.NoAccess, true, "NOT_CONNECTED"}, {gosnmp.ResourceUnavailable, true, "DEVICE_BUSY"}, {gosnmp.SNMPError(77), true, "SENSOR_FAULT"},
	} {
		t.Run(fmt.Sprintf("%v named %v", test.status, test.named), func(t *testing.T) {
			w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
				for i, v := range request.Variables {
					if v.Name == ".1.3.6.1.4.1.99.2.0" {
						index := 200
						if test.named {
							index = i + 1
						}
						return [][]byte{datagram(failure(request, test.status, index))}
					}
				}
				return always(5)(request)
			})
			resources, values := row(5, "5")
			values["r2"] = test.want
			s := open(t, device("d", "agent="+w.at(), resources...))
			wantValues(t, s, values)
			wantValues(t, s, values)
		})
	}
}

// TestOddAnswers: objects count by their name, wherever they are; what was not given is not known.
func TestOddAnswers(t *testing.T) {
	w := startWire(t, greeted(func(request *gosnmp.SnmpPacket) [][]byte {
		return [][]byte{datagram(answerTo(request, number(".1.3.6.1.4.1.99.2.0", 2), number(".1.3.6.1.4.1.99.7.0", 666), number(".1.3.6.1.4.1.99.0.0", 0)))}
	}))
	resources, _ := row(3, "")
	s := open(t, device("d", "agent="+w.at(), resources...))
	got := poll(t, s, "r0", "r1", "r2")
	if got["r0"] != "0" || got["r1"] != "DECODE_ERROR" || got["r2"] != "2" || len(got) != 3 {
		t.Errorf("read %v", got)
	}
}

// TestAgentFallsSilent: what was read before stays read, and what was not is told as such, without waiting for each.
func TestAgentFallsSilent(t *testing.T) {
	w := startWire(t, func(request *gosnmp.SnmpPacket) [][]byte {
		if request.Variables[0].Name == ".1.3.6.1.4.1.99.0.0" || len(request.Variables) == 1 {
			return always(5)(request)
		}
		return nil
	})
	resources, _ := row(9, "")
	s := open(t, device("d", "most=2 retries=0 reply=300ms agent="+w.at(), resources...))
	w.sizes()
	got := poll(t, s, "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8")
	for name, value := range got {
		if want := map[bool]string{true: "5", false: "COMM_FAILURE"}[name == "r0" || name == "r1"]; value != want {
			t.Errorf("%s is %s, want %s", name, value, want)
		}
	}
	wantSizes(t, w, 2, 2)
}

// TestOutcomes: what the agent's answer to a SET says of what it has done.
func TestOutcomes(t *testing.T) {
	refused := []gosnmp.SNMPError{
		gosnmp.TooBig, gosnmp.NoSuchName, gosnmp.BadValue, gosnmp.ReadOnly, gosnmp.NoAccess, gosnmp.WrongType, gosnmp.WrongLength,
		gosnmp.WrongEncoding, gosnmp.WrongValue, gosnmp.NoCreation, gosnmp.InconsistentValue, gosnmp.ResourceUnavailable,
		gosnmp.AuthorizationError, gosnmp.NotWritable, gosnmp.InconsistentName,
	}
	for code := range gosnmp.SNMPError(25) {
		w := startWire(t, greeted(func(request *gosnmp.SnmpPacket) [][]byte { return [][]byte{datagram(failure(request, code, 1))} }))
		s := open(t, device("d", "agent="+w.at(), resource("r", isInt, "oid="+anObject)))
		err := write(t, s, "r", roostv1.Int(1))
		switch {
		case code == gosnmp.NoError:
			wantOutcome(t, err, nil)
		case slices.Contains(refused, code):
			wantOutcome(t, err, actors.ErrRefused)
		default:
			wantOutcome(t, err, errUnknown)
		}
		if n := w.count(gosnmp.SetRequest); n != 1 {
			t.Errorf("error status %d: the SET came %d times", code, n)
		}
	}
}

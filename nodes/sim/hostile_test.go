package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What must not come ends its connection, with a reason, and no other's.
func TestGarbageEndsTheConnection(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	neighbour := b.open(t, newDriver("gw-1"), "rig")
	hello := func(t *testing.T, c *caller) { c.hello(t, "gw-2") }
	raw := func(text string) func(*testing.T, *caller) {
		return func(t *testing.T, c *caller) {
			if _, err := c.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	sends := func(m wire.Message) func(*testing.T, *caller) {
		return func(t *testing.T, c *caller) { c.send(t, m) }
	}
	tests := []struct {
		name  string
		steps []func(*testing.T, *caller)
		want  wire.Code
	}{
		{"another protocol", []func(*testing.T, *caller){raw("GET ")}, wire.CodeMalformed},
		{"unknown kind", []func(*testing.T, *caller){hello, raw("\x00\x00\x00\x02\x7f\x01")}, wire.CodeMalformed},
		{"long frame", []func(*testing.T, *caller){hello, raw("\x7f\xff\xff\xff")}, wire.CodeMalformed},
		{"no hello", []func(*testing.T, *caller){sends(&wire.Open{Device: "rig"})}, wire.CodeMalformed},
		{"two hellos", []func(*testing.T, *caller){hello, sends(&wire.Hello{Version: 1, Gateway: "gw-3"})}, wire.CodeMalformed},
		{"no gateway", []func(*testing.T, *caller){sends(&wire.Hello{Version: 1})}, wire.CodeMalformed},
		{"bad gateway", []func(*testing.T, *caller){sends(&wire.Hello{Version: 1, Gateway: strings.Repeat("ü", 100)})}, wire.CodeMalformed},
		{"version", []func(*testing.T, *caller){sends(&wire.Hello{Version: 2, Gateway: "gw-2"})}, wire.CodeVersion},
		{"an answer", []func(*testing.T, *caller){hello, sends(&wire.Ack{})}, wire.CodeMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, b)
			for _, step := range tt.steps {
				step(t, c)
			}
			nack, ok := c.answer(t).Message.(*wire.Nack)
			if !ok || nack.Code != tt.want {
				t.Errorf("got %+v, want a nack with %v", nack, tt.want)
			}
			c.ended(t)
			number(t, neighbour, wire.ResourceValue)
		})
	}
	garbage := of(b.stop(t), sim.KindGarbage)
	if len(garbage) != len(tests) {
		t.Errorf("%d records of garbage, want %d", len(garbage), len(tests))
	}
	for _, r := range garbage {
		if r.Result != sim.Refused || r.Code == 0 || r.Connection == 0 {
			t.Errorf("garbage was written down as %+v", r)
		}
	}
}

// What cannot be done is refused and written down, and the connection goes on.
func TestRefused(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}})
	c := dial(t, b)
	c.hello(t, "gw-1")
	at := c.open(t, "rig")
	tests := []struct {
		name string
		send wire.Message
		want wire.Code
		kind sim.Kind
	}{
		{"unknown device", &wire.Open{Device: "no-rig"}, wire.CodeUnknownDevice, sim.KindOpen},
		{"empty device", &wire.Open{}, wire.CodeUnknownDevice, sim.KindOpen},
		{"read without session", &wire.Read{Session: 99}, wire.CodeNotOpen, sim.KindRead},
		{"write without session", &wire.Write{Session: 99}, wire.CodeNotOpen, sim.KindAction},
		{"close without session", &wire.Close{Session: 99}, wire.CodeNotOpen, sim.KindClose},
		{"nothing to write", &wire.Write{Session: at}, wire.CodeInvalid, sim.KindAction},
		{"no value", &wire.Write{Session: at, Resource: wire.ResourceDose}, wire.CodeInvalid, sim.KindAction},
		{"only to read", &wire.Write{Session: at, Resource: wire.ResourceValue, Value: roostv1.Double(1)}, wire.CodeInvalid, sim.KindAction},
		{"long name", &wire.Write{Session: at, Resource: strings.Repeat("\x00", wire.MaxText)}, wire.CodeInvalid, sim.KindAction},
		{"long value", &wire.Write{Session: at, Resource: wire.ResourceDose, Value: roostv1.Text(strings.Repeat("\"\x00\u2028", 3000))}, wire.CodeInvalid, sim.KindAction},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			call := c.send(t, tt.send)
			f := c.answer(t)
			if nack, ok := f.Message.(*wire.Nack); !ok || nack.Code != tt.want || f.Call != call {
				t.Errorf("got call %d %+v, want call %d refused with %v", f.Call, f.Message, call, tt.want)
			}
		})
	}
	c.send(t, &wire.Read{Session: at, Resources: []string{"", wire.ResourceDosed, strings.Repeat("x", wire.MaxText), wire.ResourceDose}})
	values, ok := c.answer(t).Message.(*wire.Values)
	if !ok || len(values.Values) != 4 || values.Values[1].GetDouble() != 0 || values.Values[0] != nil || values.Values[2] != nil || values.Values[3] != nil {
		t.Errorf("got %+v, want dosed alone", values)
	}

	records := b.stop(t)
	refused := 0
	for _, r := range records {
		if r.Result == sim.Refused {
			if tt := tests[refused]; r.Kind != tt.kind || r.Code != tt.want {
				t.Errorf("%s was written down as %+v", tt.name, r)
			}
			refused++
		}
	}
	if refused != len(tests) {
		t.Errorf("%d records of what was refused, want %d", refused, len(tests))
	}
}

// A device that is told more than it can do says so, and forgets nothing that it has taken.
func TestBusyDevice(t *testing.T) {
	const requests, waiting = 70, 64
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", Behaviour: sim.Behaviour{Before: time.Hour}}}})
	c := dial(t, b)
	c.hello(t, "gw-1")
	at := c.open(t, "rig")
	for range requests {
		c.send(t, &wire.Read{Session: at})
	}
	for {
		f := c.answer(t)
		nack, ok := f.Message.(*wire.Nack)
		if !ok || nack.Code != wire.CodeBusy || f.Call <= 2+waiting {
			t.Fatalf("got call %d %+v, want busy for those after %d", f.Call, f.Message, waiting)
		}
		if f.Call == 2+requests {
			return
		}
	}
}

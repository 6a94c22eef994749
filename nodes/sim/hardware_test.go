package sim_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestLogTellsAll(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}, Seed: 7})
	began := time.Now()
	s := b.open(t, newDriver("gw-1"), "rig")
	mustAct(t, s, action("c-1", wire.ResourceSetpoint, roostv1.Double(21.5), 9))
	if got, want := number(t, s, wire.ResourceSetpoint), 21.5; got != want {
		t.Errorf("setpoint is %v, want %v", got, want)
	}
	if err := act(t, s, action("c-2", wire.ResourceDose, roostv1.Double(5000), 9)); !errors.Is(err, actors.ErrRefused) {
		t.Errorf("a dose of 5000: got %v, want ErrRefused", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := newDriver("gw-2").Open(t.Context(), b.device("no-rig")); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("unknown device: got %v, want ErrNotFound", err)
	}
	got := b.stop(t)

	first := sim.Record{Device: "rig", Connection: 1, Session: 1, Gateway: "gw-1", Incarnation: "run-1"}
	with := func(r sim.Record, change func(*sim.Record)) sim.Record { change(&r); return r }
	want := []sim.Record{
		{Kind: sim.KindStart, Version: sim.LogVersion, Seed: 7},
		with(first, func(r *sim.Record) { r.Kind, r.Result = sim.KindOpen, sim.Done }),
		with(first, func(r *sim.Record) {
			r.Kind, r.Result = sim.KindAction, sim.Done
			r.Resource, r.Value, r.Command, r.Epoch, r.Attempt = "setpoint", "21.5", "c-1", 9, 1
		}),
		with(first, func(r *sim.Record) {
			r.Kind, r.Result, r.Resources, r.Count = sim.KindRead, sim.Done, []string{"setpoint"}, 1
		}),
		with(first, func(r *sim.Record) {
			r.Kind, r.Result, r.Code, r.Reason = sim.KindAction, sim.Refused, wire.CodeInvalid, "dose must be a number from 0 to 1000"
			r.Resource, r.Value, r.Command, r.Epoch, r.Attempt = "dose", "5000", "c-2", 9, 1
		}),
		with(first, func(r *sim.Record) { r.Kind, r.Result, r.Reason = sim.KindClose, sim.Done, "the gateway closed it" }),
		{
			Kind: sim.KindOpen, Device: "no-rig", Connection: 2, Gateway: "gw-2", Incarnation: "run-1",
			Result: sim.Refused, Code: wire.CodeUnknownDevice,
		},
		{Kind: sim.KindStop},
	}
	for i := range want {
		want[i].Seq = uint64(i + 1)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(sim.Record{}, "At", "Wall", "Waited")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for i, r := range got[1:] {
		if r.At < got[i].At {
			t.Errorf("record %d is from %v, before %v", r.Seq, r.At, got[i].At)
		}
	}
	if wall := got[1].Wall; wall.Before(began.Add(-time.Minute)) || wall.After(time.Now().Add(time.Minute)) {
		t.Errorf("opened at %v, want about now", wall)
	}
}

// An owner that was replaced and does not know: a fenced device refuses it, a dumb one shows it.
func TestFencedAndDumb(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "fenced", Fenced: true}, {ID: "dumb"}}})
	was, is := newDriver("gw-1"), newDriver("gw-2")
	for _, id := range []string{"fenced", "dumb"} {
		s1, s2 := b.open(t, was, id), b.open(t, is, id)
		mustAct(t, s1, action(id+"-1", wire.ResourceDose, roostv1.Double(1), 5))
		mustAct(t, s2, action(id+"-2", wire.ResourceDose, roostv1.Double(2), 6))
		err := act(t, s1, action(id+"-3", wire.ResourceDose, roostv1.Double(4), 5))
		if refused := errors.Is(err, actors.ErrRefused); refused != (id == "fenced") || err != nil && !errors.Is(err, wire.CodeStaleEpoch) {
			t.Errorf("%s: got %v", id, err)
		}
		mustAct(t, s2, action(id+"-4", wire.ResourceDose, roostv1.Double(8), 6))
		want := map[string]float64{"fenced": 11, "dumb": 15}[id]
		if got := number(t, s2, wire.ResourceDosed); got != want {
			t.Errorf("%s dosed %v, want %v", id, got, want)
		}
	}
	breaches := sim.OneDriver(b.stop(t))
	if len(breaches) != 1 || breaches[0].Action.Command != "dumb-3" || breaches[0].After.Command != "dumb-2" {
		t.Errorf("got breaches %+v, want that of dumb-3 after dumb-2", breaches)
	}
}

func TestExclusiveSession(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig", ExclusiveSession: true}}})
	first := b.open(t, newDriver("gw-1"), "rig")
	device := b.device("rig")
	if _, err := newDriver("gw-2").Open(t.Context(), device); !errors.Is(err, roostv1.ErrBusy) {
		t.Errorf("while a session lives: got %v, want ErrBusy", err)
	}
	if got := number(t, first, wire.ResourceCount); got != 1 {
		t.Errorf("the first session read %v, want 1", got)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := b.open(t, newDriver("gw-2"), "rig") // at once
	cutOff(second)
	third := eventually(t, func() (actors.Session, error) { return newDriver("gw-3").Open(t.Context(), device) })
	cutOff(third)

	if opens := of(b.stop(t), sim.KindOpen); opens[1].Code != wire.CodeTaken || opens[1].Gateway != "gw-2" {
		t.Errorf("the refused session was written down as %+v", opens[1])
	}
}

// eventually opens until the device is free. Each attempt is a round trip to the hardware.
func eventually(t *testing.T, open func() (actors.Session, error)) session {
	t.Helper()
	for {
		s, err := open()
		if err == nil {
			t.Cleanup(func() { cutOff(s) })
			return s.(session)
		}
		if !errors.Is(err, roostv1.ErrBusy) {
			t.Fatal(err)
		}
	}
}

// A gateway that stands still keeps its connection, as its kernel answers; the device is free all
// the same, and a gateway that has nothing to say keeps its session.
func TestHalfOpenSession(t *testing.T) {
	b := start(t, sim.Config{
		Idle:    time.Second,
		Devices: []sim.Device{{ID: "rig", ExclusiveSession: true}, {ID: "quiet", ExclusiveSession: true}},
	})
	quiet := b.open(t, newDriver("gw-2"), "quiet")
	still := dial(t, b)
	still.hello(t, "gw-1")
	still.open(t, "rig")
	began := time.Now()
	device := b.device("rig")
	if _, err := newDriver("gw-2").Open(t.Context(), device); !errors.Is(err, roostv1.ErrBusy) {
		t.Errorf("at first: got %v, want ErrBusy", err)
	}
	still.ended(t)
	eventually(t, func() (actors.Session, error) { return newDriver("gw-2").Open(t.Context(), device) })
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("the device was free after %v, before the idle time was over", took)
	}
	number(t, quiet, wire.ResourceValue)

	closes := of(b.stop(t), sim.KindClose)
	if r := closes[0]; r.Gateway != "gw-1" || r.Device != "rig" || r.Reason != "nothing came for 1s" {
		t.Errorf("the session of the gateway that stood still ended as %+v", r)
	}
	for _, r := range closes[1:] {
		if r.Reason != "the hardware was switched off" {
			t.Errorf("a session of %s with %s ended: %s", r.Gateway, r.Device, r.Reason)
		}
	}
}

func TestMeasured(t *testing.T) {
	b := start(t, sim.Config{Devices: []sim.Device{{ID: "rig"}}, Seed: 42})
	s := b.open(t, newDriver("gw-1"), "rig")
	for want := uint64(1); want <= 3; want++ {
		samples, err := s.Poll(t.Context(), []string{wire.ResourceValue, wire.ResourceCount})
		if err != nil {
			t.Fatal(err)
		}
		value, count := samples[0].Value.GetDouble(), samples[1].Value.GetUint()
		if count != want || value != sim.Measured(42, "rig", count) {
			t.Errorf("read %d: got %v with count %d, want %v", want, value, count, sim.Measured(42, "rig", want))
		}
	}
	low, high := math.Inf(1), math.Inf(-1)
	for n := range uint64(2000) {
		v := sim.Measured(42, "rig", n)
		low, high = min(low, v), max(high, v)
		if step := math.Abs(v - sim.Measured(42, "rig", n+1)); step > 0.25 {
			t.Errorf("it jumped by %v at %d", step, n)
		}
	}
	if low < 14.9 || low > 15.2 || high > 25.1 || high < 24.8 {
		t.Errorf("it drifts from %v to %v, want from 15 to 25", low, high)
	}
	if sim.Measured(42, "rig", 1) == sim.Measured(42, "rig-2", 1) || sim.Measured(42, "rig", 1) == sim.Measured(43, "rig", 1) {
		t.Error("another device, or another seed, measures the same")
	}
}

// Many devices at once, on shared connections: nothing gets lost or mixed up.
func TestThousandDevices(t *testing.T) {
	const gateways, each, polls = 50, 20, 5
	id := func(i int) string { return fmt.Sprintf("rig-%d", i+1) }
	drivers := make([]actors.Driver, gateways)
	for g := range drivers {
		drivers[g] = newDriver(fmt.Sprintf("gw-%d", g))
	}
	b := start(t, sim.Config{Devices: sim.Series(gateways*each, sim.Device{ID: "rig", Fenced: true})})
	sessions := make([]session, gateways*each)
	together(len(sessions), func(i int) {
		s, err := drivers[i/each].Open(t.Context(), b.device(id(i), "share", "true"))
		if err != nil {
			t.Errorf("%s: %v", id(i), err)
			return
		}
		sessions[i] = s.(session)
	})
	if t.Failed() {
		return
	}
	together(len(sessions), func(i int) {
		if err := visit(t.Context(), sessions[i], id(i), polls); err != nil {
			t.Errorf("%s: %v", id(i), err)
		}
	})
	records := b.stop(t)
	reads, acts, connections := make(map[string]int), make(map[string]int), make(map[uint64]bool)
	for _, r := range records {
		switch r.Kind {
		case sim.KindRead:
			reads[r.Device]++
			connections[r.Connection] = true
		case sim.KindAction:
			acts[r.Device]++
		}
	}
	for i := range sessions {
		if id := id(i); reads[id] != polls || acts[id] != 1 {
			t.Errorf("%s was read %d times and acted %d times, want %d and 1", id, reads[id], acts[id], polls)
		}
	}
	if len(connections) != gateways {
		t.Errorf("%d connections were used by %d gateways", len(connections), gateways)
	}
	if breaches, repeats := sim.OneDriver(records), sim.Repeats(records); len(breaches)+len(repeats) > 0 {
		t.Errorf("breaches %v, repeats %v", breaches, repeats)
	}
}

// together makes n calls at a time.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// visit doses once, polls some times, checks what it is told, and closes the session.
func visit(ctx context.Context, s session, device string, polls int) error {
	if _, err := s.Actuate(ctx, action("c-"+device, wire.ResourceDose, roostv1.Double(2), 1)); err != nil {
		return err
	}
	for n := range polls {
		samples, err := s.Poll(ctx, []string{wire.ResourceCount, wire.ResourceDosed, wire.ResourceValue})
		if err != nil {
			return err
		}
		count := samples[0].Value.GetUint()
		if count != uint64(n+1) || samples[1].Value.GetDouble() != 2 || samples[2].Value.GetDouble() != sim.Measured(0, device, count) {
			return fmt.Errorf("poll %d: got %v", n, samples)
		}
	}
	return s.Close(ctx)
}

func TestRunsOnce(t *testing.T) {
	b := start(t, sim.Config{})
	b.stop(t)
	if err := b.Run(t.Context()); err == nil {
		t.Error("it ran again")
	}
}

func TestRunAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h, err := sim.New(sim.Config{Listen: "localhost:0", Log: t.TempDir() + "/log"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Run(ctx); err != nil {
		t.Error(err)
	}
}

package sim_test

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The hardware writes down all that reaches it, in order, with what it made of it.
func TestLog(t *testing.T) {
	d := sim.NewDriver(nil)
	valve := device("v", "valve", "fence", "true")
	first, second := open(t, d, valve), open(t, d, valve)
	pump := open(t, d, device("p", "pump"))
	act := func(s actors.Session, a actors.Action) error {
		_, err := s.(actors.Actuator).Actuate(t.Context(), a)
		return err
	}
	to := roostv1.Double
	if err := act(first, actors.Action{CommandID: "a", Command: "set_position", Resource: "position", Value: to(10), Epoch: 4}); err != nil {
		t.Error(err)
	}
	if err := act(second, actors.Action{CommandID: "b", Resource: "position", Value: to(20), Epoch: 5}); err != nil {
		t.Error(err)
	}
	if err := act(first, actors.Action{CommandID: "c", Resource: "position", Value: to(30), Epoch: 4}); !errors.Is(err, actors.ErrRefused) {
		t.Errorf("an older epoch: got %v, want ErrRefused", err)
	}
	arguments := map[string]*roostv1.Value{"deep": roostv1.Bool(true)}
	if err := act(pump, actors.Action{CommandID: "d", Command: "self_test", Arguments: arguments}); err != nil {
		t.Error(err)
	}
	want := []sim.Record{
		{Seq: 1, Device: "v", Session: 1, CommandID: "a", Command: "set_position", Resource: "position", Value: to(10), Epoch: 4},
		{Seq: 2, Device: "v", Session: 2, CommandID: "b", Resource: "position", Value: to(20), Epoch: 5},
		{Seq: 3, Device: "v", Session: 1, CommandID: "c", Resource: "position", Value: to(30), Epoch: 4,
			Refusal: "epoch 4 is older than 5, under which it was driven last"},
		{Seq: 4, Device: "p", Session: 1, CommandID: "d", Command: "self_test", Arguments: arguments},
	}
	if diff := cmp.Diff(want, d.World().Log(), protocmp.Transform(), cmpopts.IgnoreFields(sim.Record{}, "At")); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if got, ok := d.World().Value("v", "position.set"); !ok || got.GetDouble() != 20 {
		t.Errorf("position.set is %v, want 20", got)
	}
}

func TestLogLetsGoOfTheOldest(t *testing.T) {
	d := sim.NewDriver(nil)
	s := open(t, d, device("p", "pump")).(actors.Actuator)
	const actions = 2*sim.LogLimit + 10
	for i := range actions {
		if _, err := s.Actuate(t.Context(), actors.Action{Resource: "dose", Value: roostv1.Double(1), Epoch: uint64(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	log := d.World().Log()
	if len(log) < sim.LogLimit || len(log) > 2*sim.LogLimit {
		t.Fatalf("got %d records, want from %d to twice as many", len(log), sim.LogLimit)
	}
	for i, r := range log {
		if want := uint64(actions - len(log) + i + 1); r.Seq != want || r.Epoch != want {
			t.Fatalf("record %d is number %d of epoch %d, want %d", i, r.Seq, r.Epoch, want)
		}
	}
}

func TestWorldWithoutTheDevice(t *testing.T) {
	w := sim.NewDriver(nil).World()
	w.Release("d")
	if v, ok := w.Value("d", "speed"); ok || w.Hanging("d") != 0 || w.Sessions("d") != 0 || len(w.Log()) != 0 {
		t.Errorf("got something of a device that was never opened: %v", v)
	}
}

// Two gateways and a test work on the same hardware at once.
func TestWorldIsShared(t *testing.T) {
	world := sim.NewWorld()
	const gateways, actions = 4, 200
	var wg sync.WaitGroup
	for g := range gateways {
		wg.Go(func() {
			d := sim.NewDriver(world)
			for n := range actions {
				s, err := d.Open(t.Context(), device("p", "pump"))
				if err != nil {
					t.Error(err)
					return
				}
				id := fmt.Sprintf("c%d-%d", g, n)
				_, err = s.(actors.Actuator).Actuate(t.Context(), actors.Action{CommandID: id, Resource: "dose", Value: roostv1.Double(1)})
				_, polled := s.(actors.Poller).Poll(t.Context(), []string{"dosed"})
				if err := errors.Join(err, polled, s.Close(t.Context())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range actions {
			world.Log()
			world.Value("p", "dosed")
			world.Release("p")
			_ = world.Break("p", "poll.slow", "1% for 1us")
		}
	})
	wg.Wait()
	if got, _ := world.Value("p", "dosed"); got.GetDouble() != gateways*actions {
		t.Errorf("dosed %v, want %d", got.Format(), gateways*actions)
	}
	if got := len(world.Log()); got != gateways*actions {
		t.Errorf("got %d records, want %d", got, gateways*actions)
	}
	if got := world.Sessions("p"); got != 0 {
		t.Errorf("%d sessions are open", got)
	}
}

func BenchmarkPoll(b *testing.B) {
	s, err := sim.NewDriver(nil).Open(b.Context(), device("d", "sensor"))
	if err != nil {
		b.Fatal(err)
	}
	names := []string{"temperature"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.(actors.Poller).Poll(b.Context(), names); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	d := sim.NewDriver(nil)
	devices := make([]actors.Device, 10_000)
	for i := range devices {
		devices[i] = device(fmt.Sprintf("d%d", i), "sensor")
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := d.Open(b.Context(), devices[i%len(devices)]); err != nil {
			b.Fatal(err)
		}
	}
}

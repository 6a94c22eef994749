package actors_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestTotals: what a gateway counted does not go back when a device moves away, and is there without any.
func TestTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			if !well.Load() {
				return nil, errors.New("a fault")
			}
			return []actors.Sample{{Resource: "temp", Value: roostv1.Double(20)}}, nil
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(time.Minute) // it fails, and is started again
		well.Store(true)
		sleep(time.Minute)
		for _, c := range []*roostv1.Command{set("a", 20), set("b", 21), set("c", 22, expiresIn(time.Millisecond))} {
			if _, err := b.Execute(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		b.store.fail(roostv1.Errorf(roostv1.ErrUnavailable, "away"))
		sleep(time.Minute)
		before := b.Totals()
		status, _ := b.Status("boiler-1")
		c := status.Counters
		if before.Restarts != c.Restarts || before.ReadingsStored != c.ReadingsStored || before.ReadingsDropped != c.ReadingsDropped || before.MissedPolls != c.MissedPolls {
			t.Errorf("got %+v, want what the only device has: %v", before, c)
		}
		if before.Restarts == 0 || before.ReadingsStored == 0 || !before.StoreFailing {
			t.Errorf("nothing was counted: %+v", before)
		}
		if n := before.Commands[succeeded]; n != 3 || len(before.Commands) != 7 {
			t.Errorf("commands: got %v", before.Commands)
		}
		b.store.fail(nil)
		if err := b.Withdraw(t.Context(), "boiler-1"); err != nil {
			t.Fatal(err)
		}
		if after := b.Totals(); after.Restarts != before.Restarts || after.ReadingsStored <= before.ReadingsStored || after.StoreFailing {
			t.Errorf("when it has gone: %+v, before: %+v", after, before)
		}
	})
}

// TestTotalsOfCalls: a driver that hangs, and is told more than its mailbox takes, shows.
func TestTotalsOfCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := &script{poll: func(context.Context, []string) ([]actors.Sample, error) {
			<-release
			return nil, errors.New("late")
		}}
		b := start(t, drivers(s))
		b.assign(1, device("boiler-1"))
		sleep(time.Minute)
		if got := b.Totals(); got.CallsAbandoned == 0 || got.CallsRunning == 0 {
			t.Errorf("got %+v", got)
		}
		close(release)
		synctest.Wait()
		if got := b.Totals(); got.CallsRunning != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

// TestView: a device is shown with what it is made of; one that is not served is not.
func TestView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		sleep(5 * time.Second)
		v, ok := b.View("boiler-1")
		if !ok || v.Spec.GetDriver() != "script" || v.Profile.GetId() != "boiler" || v.Desired != nil || len(v.Status.GetResources()) != 1 {
			t.Errorf("got %v, %+v", ok, v)
		}
		if _, ok := b.View("boiler-2"); ok {
			t.Error("there is no boiler-2")
		}
	})
}

// TestPulse: it is felt while messages are handled, and nothing is wrong before and after.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle, err := actors.New(actors.Config{ID: "gw-2", Store: &memory{}})
		if err != nil {
			t.Fatal(err)
		}
		b := start(t, drivers(&script{}))
		b.assign(1, device("boiler-1"))
		for _, g := range []*actors.Gateway{idle, b.Gateway} {
			if err := g.Pulse(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if err := b.stop(); err != nil {
			t.Error(err)
		}
		if err := b.Pulse(t.Context()); err != nil {
			t.Errorf("after its end: %v", err)
		}
	})
}

// tally is a driver that counts.
type tally struct {
	script
	counted func() map[string]uint64
}

func (c *tally) Counted() map[string]uint64 { return c.counted() }

// TestTotalsOfDrivers: what drivers count themselves is told, without any device, and one that panics takes nothing from the others.
func TestTotalsOfDrivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, map[string]actors.Driver{
			"script": &script{},
			"well":   &tally{counted: func() map[string]uint64 { return map[string]uint64{"refused": 3} }},
			"ill":    &tally{counted: func() map[string]uint64 { panic("a fault") }},
		})
		got := b.Totals().Drivers
		if got["well"]["refused"] != 3 || len(got["ill"]) != 0 {
			t.Errorf("got %v", got)
		}
		if _, there := got["script"]; there {
			t.Errorf("a driver that counts nothing has counts: %v", got)
		}
	})
}

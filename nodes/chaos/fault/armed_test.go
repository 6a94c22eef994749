//go:build failpoints

package fault_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestFailures: in real gateways, an actor that panics and a driver that hangs are seen to, and are well again once
// nothing makes them fail.
func TestFailures(t *testing.T) {
	f, injector, _ := start(t)
	events := f.Client().Events(t.Context())
	restarted := make(chan string, 100)
	go func() { // ends with the test
		for e, err := range events {
			if err == nil && e.Kind == roostv1.EventKind_EVENT_KIND_RESTARTED {
				restarted <- e.DeviceId
			}
		}
	}()
	for i, e := range []plan.Entry{
		{Fault: plan.Panic, Target: "rig-1", Params: plan.Params{Times: 1}},
		{Fault: plan.Panic, Target: "rig-2", Params: plan.Params{Point: failpoint.DriverCall, Hit: 2}},
		{Fault: plan.Hang, Target: "rig-3"},
	} {
		e.ID, e.Hold = fmt.Sprintf("f%d", i+1), plan.Duration(500*time.Millisecond)
		result := injector.Inject(t.Context(), e, []string{e.Target})
		if result.Err != nil || !result.Confirmed || !result.Healed {
			t.Fatalf("%s: %+v", e.Fault, result)
		}
		t.Logf("%s", strings.Join(result.Evidence, "; "))
		late := time.After(patience)
		for again := ""; again != e.Target; {
			select {
			case again = <-restarted:
			case <-late:
				t.Fatalf("%s of %s: it was not started again", e.Fault, e.Target)
			}
		}
	}
}

// TestClocks: the clock of a gateway is set and set right, also one that it starts with.
func TestClocks(t *testing.T) {
	_, injector, _ := start(t)
	for i, p := range []plan.Params{
		{Step: plan.Duration(20 * 365 * 24 * time.Hour)},
		{Step: plan.Duration(-time.Hour), Pace: 2},
		{Step: plan.Duration(-490_000 * time.Hour), Boot: true},
	} {
		e := plan.Entry{ID: fmt.Sprintf("f%d", i+1), Fault: plan.Clock, Target: "gw-1", Hold: plan.Duration(300 * time.Millisecond), Params: p}
		result := injector.Inject(t.Context(), e, []string{"gw-1"})
		if result.Err != nil || !result.Confirmed || !result.Healed {
			t.Fatalf("%+v", result)
		}
		t.Logf("%s", strings.Join(result.Evidence, "; "))
	}
}

// TestArmed: a gateway kills and stops itself at a point, and one that nobody passes is left out.
func TestArmed(t *testing.T) {
	f, injector, _ := start(t)
	send := func(ctx context.Context) {
		for ctx.Err() == nil {
			_, _ = f.Client().Send(ctx, &roostv1.Command{DeviceId: "rig-1", Name: "pulse", QueueWhileAway: true}, 5*time.Second)
			_, _ = f.Client().Send(ctx, &roostv1.Command{DeviceId: "rig-2", Name: "pulse", QueueWhileAway: true}, 5*time.Second)
		}
	}
	for i, test := range []struct {
		fault, point, seen string
	}{
		{plan.Kill, failpoint.CommandAfterWrite, "signal: killed"},
		{plan.Pause, failpoint.DriverWrite, "stat=T"},
		{plan.Kill, "lease.after-read-before-cas", "signal: killed"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		go send(ctx) // ends with ctx
		owners, err := f.Owners(ctx)
		if err != nil || owners["rig-1"] == "" {
			t.Fatalf("owners %v, %v", owners, err)
		}
		e := plan.Entry{
			ID: fmt.Sprintf("f%d", i+1), Fault: test.fault, Target: owners["rig-1"], Hold: plan.Duration(300 * time.Millisecond),
			On: &plan.Trigger{Failpoint: test.point, Hit: 2},
		}
		result := injector.InjectOn(ctx, ctx, e, []string{e.Target}, nil)
		cancel()
		if result.Err != nil || !result.Confirmed || !result.Healed || !strings.Contains(result.Evidence[0], test.seen) {
			t.Fatalf("%s: %+v", test.point, result)
		}
		t.Logf("%s", strings.Join(result.Evidence, "; "))
		settled, cancel := context.WithTimeout(t.Context(), patience)
		if err := f.Settled(settled); err != nil {
			t.Fatal(err)
		}
		cancel()
	}
	within, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	e := plan.Entry{ID: "f9", Fault: plan.Kill, Target: "gw-1", On: &plan.Trigger{Failpoint: "super.before-restart"}}
	if result := injector.InjectOn(t.Context(), within, e, []string{"gw-1"}, nil); !errors.Is(result.Err, fault.ErrNotTriggered) || result.Confirmed {
		t.Errorf("%+v", result)
	}
	if _, runs := f.Node("gw-1").PID(); !runs {
		t.Error("it was killed")
	}
}

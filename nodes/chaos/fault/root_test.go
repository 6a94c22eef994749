package fault_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/netns"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// TestEachFaultThatNeedsRoot: those too show their effect, and that it is gone; and what a fleet has taken of the machine is
// given back when it is closed.
func TestEachFaultThatNeedsRoot(t *testing.T) {
	if reason := cmp.Or(disk.Missing(), netns.Missing()); reason != "" {
		t.Skipf("this machine makes no disks and networks: %s", reason)
	}
	var claims []fleet.Claim
	f, injector, folder := startWith(t, func(c *fleet.Config) {
		c.GatewayDisks, c.HubDisks, c.Net = true, true, plan.NetNamespaces
		c.Claim = func(more []fleet.Claim) error { claims = append(claims, more...); return nil }
	})
	if err := f.SyncDisks(); err != nil {
		t.Fatal(err)
	}
	const lost, eio, full = "a file that was not synced is lost", "input/output error", "no space left on device"
	for i, c := range []struct {
		entry plan.Entry
		shows []string
	}{
		{plan.Entry{Fault: plan.PowerCut, Target: "gw-1"}, []string{lost, eio, "start 2"}},
		{plan.Entry{Fault: plan.HubPowerCut, Target: "hub-1"}, []string{lost, eio, "start 2"}},
		{plan.Entry{Fault: plan.DiskFull, Target: "gw-1"}, []string{full, "the disk works", "start 2"}},
		{plan.Entry{Fault: plan.DiskDead, Target: "gw-1"}, []string{eio, "the disk works", "start 3"}},
		{plan.Entry{Fault: plan.Route, Target: "gw-2"}, []string{"0 came through up and 0 down", "sent again"}},
		{plan.Entry{Fault: plan.Route, Target: "gw-2", Params: plan.Params{Direction: "up"}}, []string{"0 came through up and 5 down", "unacknowledged"}},
		{plan.Entry{Fault: plan.Route, Target: "gw-2", Params: plan.Params{Direction: "down"}}, []string{"5 came through up and 0 down", "5 came through up and 5 down"}},
	} {
		e := c.entry
		e.ID, e.Hold = fmt.Sprintf("f%d", i+1), plan.Duration(300e6)
		t.Run(e.Fault+e.Params.Direction, func(t *testing.T) {
			result := injector.Inject(t.Context(), e, []string{e.Target})
			if result.Err != nil || !result.Confirmed || !result.Healed {
				t.Fatalf("%+v", result)
			}
			text := strings.Join(result.Evidence, "; ")
			for _, want := range c.shows {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in %q", want, text)
				}
			}
			t.Log(text)
		})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if err := f.Settled(ctx); err != nil {
			t.Fatalf("after %s: %v", e.Fault, err)
		}
		cancel()
	}
	if left, err := fault.Left(filepath.Join(folder, "manifest.ndjson")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	f.Close()
	if err := f.Left(); err != nil {
		t.Error(err)
	}
	if len(claims) != 4 { // three disks and a network
		t.Errorf("it has claimed %v", claims)
	}
	for _, c := range claims {
		switch {
		case c.Disk != nil && c.Disk.Mounted():
			t.Errorf("%v is mounted", c)
		case c.Network != nil:
			for _, name := range c.Network.Namespaces {
				if _, err := os.Stat(filepath.Join("/run/netns", name)); err == nil {
					t.Errorf("%s is there", name)
				}
			}
		}
	}
}

// TestNothingIsTakenUnsaid: where what is about to be taken cannot be written down, nothing is.
func TestNothingIsTakenUnsaid(t *testing.T) {
	full := errors.New("no room for a manifest")
	folder := t.TempDir()
	settings := plan.Defaults()
	f, err := fleet.New(fleet.Config{
		Settings: settings, Folder: folder, Run: "test", GatewayDisks: true,
		Claim: func([]fleet.Claim) error { return full },
	})
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if f != nil {
		f.Close()
	}
	if made, _ := filepath.Glob(filepath.Join(folder, "*.image")); len(made) > 0 {
		t.Errorf("made: %v", made)
	}
}

// TestNoMeans: where nodes have no disks and networks of their own, what needs them is not confirmed.
func TestNoMeans(t *testing.T) {
	if reason := cmp.Or(disk.Missing(), netns.Missing()); reason != "" {
		t.Skipf("this machine makes no disks and networks: %s", reason)
	}
	_, injector, _ := start(t)
	for i, name := range []string{plan.PowerCut, plan.DiskFull, plan.DiskDead, plan.Route} {
		result := injector.Inject(t.Context(), plan.Entry{ID: fmt.Sprintf("f%d", i+1), Fault: name}, []string{"gw-1"})
		if result.Err == nil || result.Confirmed {
			t.Errorf("%s: %+v", name, result)
		}
	}
}

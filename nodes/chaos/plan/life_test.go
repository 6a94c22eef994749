package plan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

func find(t *testing.T, name string) plan.Scenario {
	t.Helper()
	s, err := plan.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestOutagesAreApart: one outage is over before the next begins, each lasts longer than what the hub is to remember, and a minute
// has one of all gateways, with the hub, and one of a single gateway.
func TestOutagesAreApart(t *testing.T) {
	for seed := range uint64(100) {
		p := drawn(t, find(t, "long-outage"), seed, plan.Defaults())
		if p.Settings.Attached == 0 {
			t.Fatal("no device is attached to one gateway")
		}
		var targets []string
		end := time.Duration(0)
		for _, e := range p.Entries {
			if e.At.Std() < end || e.Hold.Std() < 10*e.Params.Forget.Std() || e.Params.Forget == 0 {
				t.Fatalf("seed %d: %s", seed, p.JSON())
			}
			end = e.At.Std() + e.Hold.Std() + 6*time.Second
			targets = append(targets, e.Target)
		}
		if !slices.Contains(targets, "all,hubs") || !slices.Contains(targets, plan.TargetAny) {
			t.Fatalf("seed %d: targets %v", seed, targets)
		}
	}
}

// TestUpgradeIsOfAll: one after the other all gateways are replaced, and then all hubs if there are three.
func TestUpgradeIsOfAll(t *testing.T) {
	settings := plan.Defaults()
	settings.Hubs, settings.UpgradeTo = 3, "/opt/roost-next"
	for seed := range uint64(50) {
		p := drawn(t, find(t, "upgrade"), seed, settings)
		seen := map[string]bool{}
		for i, e := range p.Entries[:6] {
			kind := plan.Upgrade
			if i >= 3 {
				kind = plan.HubUpgrade
			}
			if e.Fault != kind || e.Params.Program != settings.UpgradeTo || seen[e.Target] {
				t.Fatalf("seed %d, %d: %+v", seed, i, e)
			}
			seen[e.Target] = true
		}
	}
}

// TestClonesInAllWays: with its data and without, while it runs and while it stands still.
func TestClonesInAllWays(t *testing.T) {
	p := drawn(t, find(t, "clone-id"), 1, plan.Defaults())
	ways := map[plan.Params]bool{}
	for _, e := range p.Entries[:4] {
		ways[e.Params] = true
	}
	if len(ways) != 4 {
		t.Errorf("the first four are %v", ways)
	}
}

// TestTogether: a target of several parts is all of them, once each, or none.
func TestTogether(t *testing.T) {
	world := plan.World{Gateways: []string{"gw-1", "gw-2"}, Hubs: []string{"hub-1", "hub-2"}, Owners: map[string]string{"rig-1": "gw-2"}, Leader: "hub-2"}
	got, err := plan.Resolve("owner(rig-1),hub-leader,gw-2", world, plan.Stream(1, "x"))
	if err != nil || !slices.Equal(got, []string{"gw-2", "hub-2"}) {
		t.Errorf("got %v, %v", got, err)
	}
	world.Leader = ""
	if got, err := plan.Resolve("owner(rig-1),hub-leader", world, plan.Stream(1, "x")); err == nil {
		t.Errorf("without a leader: %v", got)
	}
}

// TestAttached: the last devices are each reached by one gateway, by turns, and no more of them than there are.
func TestAttached(t *testing.T) {
	s := plan.Defaults()
	s.Gateways, s.Devices, s.Attached = 2, 5, 3
	var got []string
	for i := range s.Devices {
		got = append(got, s.AttachedTo(i+1))
	}
	if !slices.Equal(got, []string{"", "", "gw-1", "gw-2", "gw-1"}) {
		t.Errorf("got %q", got)
	}
	if s.Attached = 6; s.Validate() == nil {
		t.Error("six of five devices are attached")
	}
}

package plan_test

import (
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// TestNetworksOfTheirOwn: with these, ways to the hub are cut by routes, in the same directions as by proxies; and a plan with
// routes and without networks is refused.
func TestNetworksOfTheirOwn(t *testing.T) {
	settings := plan.Defaults()
	settings.Net = plan.NetNamespaces
	for name, directions := range map[string][]string{"partition": {""}, "half-open": {"up", "down"}} {
		s, err := plan.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		p := drawn(t, s, 7, settings)
		seen := map[string]bool{}
		for _, e := range p.Entries {
			if e.Fault != plan.Route {
				t.Errorf("%s: %s is %s", name, e.ID, e.Fault)
			}
			seen[e.Params.Direction] = true
		}
		if len(seen) != len(directions) || !seen[directions[0]] {
			t.Errorf("%s: directions %v", name, seen)
		}
		text := strings.Replace(string(p.JSON()), `"net": "netns"`, `"net": "proxy"`, 1)
		if _, err := plan.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "netns") {
			t.Errorf("%s with proxies: %v", name, err)
		}
	}
	settings.Net = "pigeons"
	if err := settings.Validate(); err == nil {
		t.Error("there is no such net")
	}
}

// TestDisksFailWithoutTheHub: what a disk does not take, or a node loses with its power, is tried while the hub is away, too:
// then nobody else has it.
func TestDisksFailWithoutTheHub(t *testing.T) {
	for name, pair := range map[string][2]string{
		"power-cut": {plan.HubPowerCut, plan.PowerCut}, "disk-full": {plan.DiskFull, plan.HubKill}, "disk-dead": {plan.DiskDead, plan.HubKill},
	} {
		s, err := plan.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(50) {
			both := 0
			p := drawn(t, s, seed, plan.Defaults())
			for _, outer := range p.Entries {
				for _, inner := range p.Entries {
					if outer.Fault == pair[0] && inner.Fault == pair[1] && outer.At <= inner.At && inner.At < outer.At+outer.Hold {
						both++
					}
				}
			}
			if both == 0 {
				t.Errorf("%s, seed %d: never at the same time", name, seed)
			}
		}
	}
}

package fault_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// TestLongFaults: outages, upgrades, clones, and a gateway and a hub at once show their effect, and the fleet is whole afterwards.
func TestLongFaults(t *testing.T) {
	f, injector, _ := start(t)
	second := plan.Duration(time.Second)
	outage := plan.Params{Verb: "PUB", Count: 3, Restart: 1, Forget: plan.Duration(100 * time.Millisecond)}
	for _, c := range []struct {
		entry   plan.Entry
		targets string
		want    []string // in the evidence
	}{
		{plan.Entry{Fault: plan.Outage, Hold: second, Params: outage}, "gw-1", []string{"bytes of answers to [gw-1] were lost", "gw-1: signal: killed and started again", "does not know any more"}},
		{plan.Entry{Fault: plan.Outage, Hold: second, Params: outage}, "gw-1 gw-2 hub-1", []string{"hub-1: signal: killed", "gw-2: signal: killed and started again", "hub-1 runs as", "does not know any more"}},
		{plan.Entry{Fault: plan.Upgrade}, "gw-2", []string{"gw-2: exit status 0", "gw-2 was roost", "it is roost"}},
		{plan.Entry{Fault: plan.Upgrade, Params: plan.Params{Program: chaostest.Program}}, "gw-1", []string{", program "}},
		{plan.Entry{Fault: plan.HubUpgrade}, "hub-1", []string{"hub-1: exit status 0", "hub-1 was roost"}},
		{plan.Entry{Fault: plan.Together, Hold: second}, "gw-1 hub-1", []string{"gw-1: signal: killed", "hub-1: signal: killed"}},
		{plan.Entry{Fault: plan.Clone, Params: plan.Params{Copy: plan.CopyFolder, While: plan.WhileRuns}}, "gw-1", []string{"with a copy of the folder", "gateway gw-1 is running already"}},
		{plan.Entry{Fault: plan.Clone, Params: plan.Params{Copy: plan.CopyEmpty, While: plan.WhileStill}}, "gw-2", []string{"is ready while gw-2 stands still", "gateway gw-2 is running already"}},
	} {
		c.entry.ID, c.entry.Target = c.entry.Fault+" of "+c.targets, c.targets
		t.Run(c.entry.ID, func(t *testing.T) {
			result := injector.Inject(t.Context(), c.entry, strings.Fields(c.targets))
			seen := strings.Join(result.Evidence, "; ")
			if result.Err != nil || !result.Confirmed || !result.Healed {
				t.Fatalf("%+v", result)
			}
			for _, want := range c.want {
				if !strings.Contains(seen, want) {
					t.Errorf("%q is not in %q", want, seen)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := f.Settled(ctx); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestUpgradeToNothing: a program that is none is found out before anything ends.
func TestUpgradeToNothing(t *testing.T) {
	f, injector, _ := start(t)
	before := f.Node("gw-1").Run()
	e := plan.Entry{ID: "f1", Fault: plan.Upgrade, Params: plan.Params{Program: "/nonexistent/roost"}}
	result := injector.Inject(t.Context(), e, []string{"gw-1"})
	if result.Err == nil || result.Confirmed || f.Node("gw-1").Run() != before {
		t.Errorf("%+v, start %d", result, f.Node("gw-1").Run())
	}
}

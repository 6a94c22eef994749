package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// drawn returns the plan of a scenario, nil if it cannot be run.
func drawn(t *testing.T, s plan.Scenario, seed uint64, settings plan.Settings) *plan.Plan {
	t.Helper()
	p, err := s.Plan(seed, s.Adjust(settings))
	if s.Missing != "" {
		if !errors.Is(err, plan.ErrUnavailable) {
			t.Fatalf("%s is not there, and its plan is %v, %v", s.Name, p, err)
		}
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each scenario makes sense under every seed: faults are in time and in order, and all but the baseline have some.
func TestScenarios(t *testing.T) {
	for _, s := range plan.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			for seed := range uint64(200) {
				p := drawn(t, s, seed, plan.Defaults())
				if p == nil {
					return
				}
				if (len(p.Entries) == 0) != (s.Name == "baseline") {
					t.Fatalf("seed %d: %d faults", seed, len(p.Entries))
				}
				if !slices.IsSortedFunc(p.Entries, func(a, b plan.Entry) int { return int(a.At - b.At) }) {
					t.Fatalf("seed %d: not in order: %s", seed, p.JSON())
				}
				for _, e := range p.Entries {
					if e.At.Std()+e.Hold.Std() > p.Settings.Duration.Std() {
						t.Fatalf("seed %d: %s ends after the faults", seed, e.ID)
					}
				}
			}
		})
	}
}

// A plan that was written is the same when it is read, and drawn again.
func TestRoundTrip(t *testing.T) {
	for _, s := range plan.Scenarios() {
		p := drawn(t, s, 42, plan.Defaults())
		if p == nil {
			continue
		}
		read, err := plan.Parse(p.JSON())
		if err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
		if diff := cmp.Diff(p, read); diff != "" {
			t.Errorf("%s: written and read:\n%s", s.Name, diff)
		}
		again := drawn(t, s, 42, plan.Defaults())
		if p.Digest() != again.Digest() {
			t.Errorf("%s: the same seed is another plan", s.Name)
		}
	}
}

func TestSeedsDiffer(t *testing.T) {
	s, err := plan.Find("mayhem")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for seed := range uint64(100) {
		seen[drawn(t, s, seed, plan.Defaults()).Digest()] = true
	}
	if len(seen) != 100 {
		t.Errorf("100 seeds are %d plans", len(seen))
	}
}

// What clients do has no part in what is broken.
func TestStreamsAreSplit(t *testing.T) {
	s, _ := plan.Find("mayhem")
	settings := plan.Defaults()
	few := drawn(t, s, 7, settings)
	settings.Clients, settings.Rate = 50, 500
	if diff := cmp.Diff(few.Entries, drawn(t, s, 7, settings).Entries); diff != "" {
		t.Errorf("more clients change the faults:\n%s", diff)
	}
	a, b := plan.Stream(7, "client/1"), plan.Stream(7, "client/2")
	if a.Uint64() == b.Uint64() {
		t.Error("two labels are one stream")
	}
}

func TestShortRunHasAFault(t *testing.T) {
	settings := plan.Defaults()
	settings.Duration = plan.Duration(10 * time.Second)
	for _, name := range []string{"kill", "pause", "partition", "half-open", "ack-lost"} {
		s, _ := plan.Find(name)
		if p := drawn(t, s, 1, settings); len(p.Entries) == 0 {
			t.Errorf("%s has no fault in 10 s", name)
		}
	}
}

func TestResolve(t *testing.T) {
	world := plan.World{
		Gateways: []string{"gw-1", "gw-2", "gw-3"}, Hubs: []string{"hub-1"}, Devices: []string{"rig-1", "rig-2"},
		Owners: map[string]string{"rig-1": "gw-2"}, Leader: "hub-1",
	}
	for _, c := range []struct {
		target string
		want   string
	}{
		{"owner(rig-1)", "[gw-2]"}, {"all", "[gw-1 gw-2 gw-3]"}, {"hub-leader", "[hub-1]"}, {"hubs", "[hub-1]"},
		{"gw-3", "[gw-3]"}, {"rig-2", "[rig-2]"},
		{"owner(rig-2)", ""}, {"gw-9", ""}, {"", ""},
	} {
		got, err := plan.Resolve(c.target, world, plan.Stream(1, "x"))
		if c.want == "" {
			if !errors.Is(err, plan.ErrNoTarget) {
				t.Errorf("%s: %v, %v, want none", c.target, got, err)
			}
			continue
		}
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, %v, want %s", c.target, got, err, c.want)
		}
	}
	for _, target := range []string{plan.TargetAny, plan.TargetMinority} {
		seen := map[string]bool{}
		for i := range 50 {
			got, err := plan.Resolve(target, world, plan.Stream(uint64(i), "x"))
			if err != nil || len(got) != 1 {
				t.Fatalf("%s: %v, %v", target, got, err)
			}
			seen[got[0]] = true
		}
		if len(seen) != 3 {
			t.Errorf("%s: only %v in 50 draws", target, seen)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":       ``,
		"version":       `{"version":99}`,
		"unknown field": `{"version":1,"colour":"red"}`,
		"bad settings":  `{"version":1,"settings":{"hubs":2}}`,
	} {
		if p, err := plan.Parse([]byte(text)); err == nil {
			t.Errorf("%s: read as %+v", name, p)
		}
	}
}

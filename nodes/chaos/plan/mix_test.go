package plan_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// mixed draws a plan of faults by their names.
func mixed(t *testing.T, seed uint64, settings plan.Settings, names ...string) *plan.Plan {
	t.Helper()
	mix, err := plan.Mix(names...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := mix.Plan(seed, mix.Adjust(settings))
	if err != nil {
		t.Fatalf("%v, seed %d: %v", names, seed, err)
	}
	return p
}

// TestMix: under each seed all of the faults come, none much more often than another, and a plan that was written can be
// read.
func TestMix(t *testing.T) {
	settings := plan.Defaults()
	settings.Duration = plan.Duration(5 * time.Minute)
	names := []string{
		plan.Kill, plan.Stop, plan.Pause, plan.Stall, plan.Blackhole, plan.Refuse, plan.DeviceCut, plan.AckLost, plan.Cut, plan.Delay,
	}
	for seed := range uint64(100) {
		counts := map[string]int{}
		p := mixed(t, seed, settings, append(names, plan.HubKill, plan.Behave)...)
		for _, e := range p.Entries {
			counts[e.Fault]++
		}
		for _, name := range names {
			if d := counts[name] - counts[plan.Kill]; counts[name] == 0 || d < -1 || d > 1 {
				t.Errorf("seed %d: %v", seed, counts)
			}
		}
		if counts[plan.HubKill] == 0 || counts[plan.Behave] == 0 {
			t.Errorf("seed %d: hubs and devices have no row of their own: %v", seed, counts)
		}
		if _, err := plan.Parse(p.JSON()); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// TestMixOfScenarios: the name of a scenario stands for what it does, and it gets the settings that it needs.
func TestMixOfScenarios(t *testing.T) {
	p := mixed(t, 1, plan.Defaults(), "pause", "hub-leader")
	if p.Settings.Hubs != 3 || p.Scenario != "pause+hub-leader" {
		t.Errorf("%s with %d hubs", p.Scenario, p.Settings.Hubs)
	}
	for _, fault := range []string{plan.Pause, plan.HubKill} {
		if !slices.ContainsFunc(p.Entries, func(e plan.Entry) bool { return e.Fault == fault }) {
			t.Errorf("there is no %s", fault)
		}
	}
}

func TestMixRefuses(t *testing.T) {
	for _, names := range [][]string{{"meteor"}, {"kill", "kill"}, {"kill", ""}, {"baseline"}} {
		if _, err := plan.Mix(names...); !errors.Is(err, plan.ErrUnknown) && !errors.Is(err, plan.ErrUnfit) {
			t.Errorf("%v: %v", names, err)
		}
	}
}

// TestTargets: what the settings aim at is hit, and nothing else.
func TestTargets(t *testing.T) {
	for _, test := range []struct{ words, want string }{
		{"owner", "owner("}, {"one", plan.TargetAny}, {"minority", plan.TargetMinority}, {"majority", plan.TargetMajority}, {"all", plan.TargetAll},
	} {
		settings := plan.Defaults()
		settings.Targets = strings.Split(test.words, ",")
		for _, e := range mixed(t, 3, settings, plan.Kill, plan.Pause).Entries {
			if !strings.HasPrefix(e.Target, test.want) {
				t.Errorf("%s: %s", test.words, e.Target)
			}
		}
	}
	settings := plan.Defaults()
	settings.Targets = []string{"one", "all"}
	seen := map[string]bool{}
	for seed := range uint64(20) {
		for _, e := range mixed(t, seed, settings, plan.Kill).Entries {
			seen[e.Target] = true
		}
	}
	if len(seen) != 2 {
		t.Errorf("of two targets %v were hit", seen)
	}
}

// TestInterval: from the end of a fault to the next one is what is asked for.
func TestInterval(t *testing.T) {
	settings := plan.Defaults()
	settings.Interval = plan.Duration(3 * time.Second)
	all := mixed(t, 3, settings, plan.Pause).Entries
	for i := 1; i < len(all); i++ {
		if gap := all[i].At.Std() - all[i-1].At.Std() - all[i-1].Hold.Std(); gap != 3*time.Second {
			t.Errorf("%v between %s and %s", gap, all[i-1].ID, all[i].ID)
		}
	}
	if len(all) < 3 {
		t.Errorf("only %d faults", len(all))
	}
}

// TestUnfit: settings that a scenario has no use for are refused and not forgotten.
func TestUnfit(t *testing.T) {
	for name, change := range map[string]func(*plan.Settings){
		"kill-all": func(s *plan.Settings) { s.Targets = []string{"one"} },
		"baseline": func(s *plan.Settings) { s.Interval = plan.Duration(time.Second) },
	} {
		s, err := plan.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		settings := plan.Defaults()
		change(&settings)
		if _, err := s.Plan(1, settings); !errors.Is(err, plan.ErrUnfit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, change := range []func(*plan.Settings){
		func(s *plan.Settings) { s.Targets = []string{"everybody"} },
		func(s *plan.Settings) { s.Targets, s.Gateways = []string{"minority"}, 2 },
		func(s *plan.Settings) { s.Interval = -1 },
		func(s *plan.Settings) { s.MaxFailover = -1 },
	} {
		settings := plan.Defaults()
		change(&settings)
		if settings.Validate() == nil {
			t.Errorf("taken: %+v", settings)
		}
	}
}

// TestTargetOfNothing: a plan whose target no such fleet can have is refused when it is read.
func TestTargetOfNothing(t *testing.T) {
	for target, fine := range map[string]bool{
		"gw-3": true, "gw-4": false, "gw-1,gw-3": true, "gw-1,gw-4": false, "owner(rig-30)": true, "owner(rig-31)": false, "rig-1": true,
		"device(any)": true, "majority": true, "hub-leader": true, "hubs": true, "hub-2": false, "everybody": false,
	} {
		p := &plan.Plan{Version: plan.Version, Settings: plan.Defaults(), Entries: []plan.Entry{{ID: "f1", Fault: plan.Kill, Target: target}}}
		if _, err := plan.Parse(p.JSON()); (err == nil) != fine {
			t.Errorf("%s: %v", target, err)
		}
	}
}

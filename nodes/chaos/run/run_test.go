package run_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

func TestMain(m *testing.M) { chaostest.Main(m) }

// short are the settings of a run that does not take long.
func short() plan.Settings {
	s := plan.Defaults()
	s.Devices, s.Rate = 12, 20
	s.Quiet, s.Duration, s.Liveness = plan.Duration(2*time.Second), plan.Duration(8*time.Second), plan.Duration(4*time.Second)
	return s
}

// TestPlanIsCarriedOut: a plan that was written by hand is carried out, and judged, and what it names at run time is
// in the report.
func TestPlanIsCarriedOut(t *testing.T) {
	p := &plan.Plan{Version: plan.Version, Scenario: "by-hand", Seed: 5, Settings: short(), Entries: []plan.Entry{
		{ID: "f1", At: plan.Duration(500 * time.Millisecond), Hold: plan.Duration(500 * time.Millisecond), Fault: plan.Behave, Target: "rig-3", Params: plan.Params{After: plan.Duration(100 * time.Millisecond)}},
		{ID: "f2", At: plan.Duration(time.Second), Hold: plan.Duration(4 * time.Second), Fault: plan.Kill, Target: plan.Owner("rig-1")},
	}}
	folder := filepath.Join(t.TempDir(), "run")
	p.Settings.MaxFailover = plan.Duration(20 * time.Second) // what is judged here is not the machine
	report, err := run.Run(t.Context(), run.Config{Plan: p, Folder: folder, Program: []string{chaostest.Program}})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := report.Summary(&text); err != nil {
		t.Fatal(err)
	}
	if report.Verdict != check.Held {
		if !onlyLate(report) {
			t.Fatalf("%s", text.String())
		}
		t.Logf("the machine is busy: %s", text.String())
	}
	if len(report.Faults) != 2 || !report.Faults[1].Confirmed || !report.Faults[1].Healed || !strings.HasPrefix(report.Faults[1].Target, "gw-") || report.Faults[1].Symbolic != "owner(rig-1)" {
		t.Errorf("faults %+v", report.Faults)
	}
	if q := report.Failover["kill"]; q.N == 0 || q.P50 < 1000 {
		t.Errorf("failover %+v", q)
	}
	if f := report.Figures; f == nil || len(f.Failovers) != 1 || f.Failovers[0].Kind != "kill" || f.Failovers[0].Faults != 1 || f.Failovers[0].N == 0 ||
		f.Served <= 0.5 || f.Served >= 1 || f.Lowest >= f.Served || f.Goal == 0 {
		t.Errorf("figures %+v", f)
	}
	for _, part := range []string{"WITHOUT SERVICE", "\nafter kill", "\nserved ", "\ncommands ", "\nrefused ", "\nremoved "} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("the summary does not say %q", part)
		}
	}
	served := report.Availability
	if len(served.Served) < 8 || served.Served[0] == 0 {
		t.Errorf("availability %+v", served)
	}
	for _, name := range []string{"plan.json", "report.json", "manifest.ndjson", "history/sink.ndjson.gz", "history/asked.ndjson.gz", "nodes/truth.log", "logs/gw-1.1.out", "porcupine-desired.rig-1.html", "porcupine-own.rig-1.html"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	if !slices.Contains(report.Drawings, "porcupine-desired.rig-1.html") {
		t.Errorf("drawings %v", report.Drawings)
	}
	for checker, metric := range map[string]string{"C1": "acked", "C12": "operations"} {
		i := slices.IndexFunc(report.Checkers, func(c check.Result) bool { return c.ID == checker })
		if n := report.Checkers[i].Metrics[metric]; n < 50 {
			t.Errorf("%s: %v %s", checker, n, metric)
		}
	}
	if _, err := run.Run(t.Context(), run.Config{Plan: p, Folder: folder}); !errors.Is(err, run.ErrSetup) {
		t.Errorf("a run in the folder of another one: %v", err)
	}
}

// onlyLate reports whether all that is wrong is what a machine does that is too busy: something came too late, or cannot be told.
func onlyLate(r *run.Report) bool {
	return !slices.ContainsFunc(r.Checkers, func(c check.Result) bool {
		for _, v := range c.Violations {
			if c.ID != "C7" && v.Clause != "C5b" && v.Clause != "C8b" {
				return true
			}
		}
		for _, reason := range strings.Split(c.Reason, "; ") {
			if reason != "" && !strings.HasPrefix(reason, "the machine was too busy to tell") && !strings.HasPrefix(reason, "so with ") {
				return true
			}
		}
		return false
	})
}

// TestCannotBeSetUp: a program that is none is an error of the set-up, and not a verdict.
func TestCannotBeSetUp(t *testing.T) {
	p := &plan.Plan{Version: plan.Version, Scenario: "baseline", Settings: short()}
	folder := filepath.Join(t.TempDir(), "run")
	report, err := run.Run(t.Context(), run.Config{Plan: p, Folder: folder, Program: []string{"/bin/false"}})
	if !errors.Is(err, run.ErrSetup) || report.Exit != run.ExitSetup || report.Verdict != run.VerdictError || len(report.Checkers) != 0 {
		t.Errorf("%+v, %v", report, err)
	}
	junit := filepath.Join(folder, "junit.xml")
	if err := run.WriteJUnit(junit, report); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(junit); err != nil || !strings.Contains(string(text), `errors="1"`) {
		t.Errorf("junit: %s, %v", text, err)
	}
}

// TestInterruptedInSetUp: a run that is given up at once ends so.
func TestInterruptedInSetUp(t *testing.T) {
	p := &plan.Plan{Version: plan.Version, Scenario: "baseline", Settings: short()}
	folder := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := run.Run(ctx, run.Config{Plan: p, Folder: folder, Program: []string{chaostest.Program}})
	if !errors.Is(err, run.ErrInterrupted) || report.Exit != run.ExitInterrupted {
		t.Errorf("%+v, %v", report, err)
	}
	if cleaned, err := run.Cleanup(folder); err != nil || cleaned.Killed != 0 || len(cleaned.Left) != 0 {
		t.Errorf("left: %+v, %v", cleaned, err)
	}
}

// TestLeftOut: what could not be tried is not planned, unless it is most of the plan.
func TestLeftOut(t *testing.T) {
	p := &plan.Plan{Settings: plan.Defaults()}
	for _, id := range []string{"f1", "f2", "f3"} {
		p.Entries = append(p.Entries, plan.Entry{ID: id, Fault: plan.Kill, Target: plan.TargetAny})
	}
	for _, c := range []struct{ skipped, planned int }{{0, 3}, {1, 2}, {2, 3}, {3, 3}} {
		var skipped []run.Skipped
		for _, e := range p.Entries[:c.skipped] {
			skipped = append(skipped, run.Skipped{ID: e.ID})
		}
		record, err := run.RunRecord(p, skipped)
		if err != nil || len(record.Planned) != c.planned {
			t.Errorf("%d of 3 left out: %d planned, %v, want %d", c.skipped, len(record.Planned), err, c.planned)
		}
	}
}

// TestLeftovers: processes of a run that is over are found by its name, and none of a run whose name begins like it.
func TestLeftovers(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are found in /proc")
	}
	sleeper := exec.CommandContext(t.Context(), "sleep", "60")
	sleeper.Env = []string{fleet.EnvRun + "=no-such-run-12"}
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	if left, err := fleet.Leftovers("no-such-run-1"); len(left) != 0 || err != nil {
		t.Errorf("of another run: %v, %v", left, err)
	}
	if n, err := fleet.Cleanup("no-such-run-12"); n != 1 || err != nil {
		t.Errorf("%d were killed, %v", n, err)
	}
	if err := sleeper.Wait(); err == nil {
		t.Error("it was not killed")
	}
}

// TestUntriggered: an entry whose trigger did not fire was to be tried all the same, and one that found no target was not.
func TestUntriggered(t *testing.T) {
	p := &plan.Plan{Version: plan.Version, Settings: plan.Defaults()}
	for _, id := range []string{"f1", "f2", "f3", "f4"} {
		p.Entries = append(p.Entries, plan.Entry{ID: id, Fault: plan.Kill, Target: plan.TargetAny, On: &plan.Trigger{Event: "owners(rig-1)>=9"}})
	}
	record, err := run.RunRecord(p, []run.Skipped{{ID: "f1", Untriggered: true}, {ID: "f2"}})
	if err != nil {
		t.Fatal(err)
	}
	var planned []string
	for _, f := range record.Planned {
		planned = append(planned, f.ID)
	}
	if got := strings.Join(planned, " "); got != "f1 f3 f4" {
		t.Errorf("planned: %s", got)
	}
}

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// seconds is a time of a plan.
func seconds(n float64) plan.Duration { return plan.Duration(n * float64(time.Second)) }

// firstRun makes the folder of a run of this plan, in which a checker was violated.
func firstRun(t *testing.T, p *plan.Plan, broken string, change func(*chaos.Report)) string {
	t.Helper()
	report := &chaos.Report{Schema: chaos.Schema, Verdict: check.Violated, Exit: chaos.ExitViolated, Seed: p.Seed, Settings: p.Settings}
	for _, c := range check.Checkers() {
		verdict := check.Held
		if c.ID == broken {
			verdict = check.Violated
		}
		report.Checkers = append(report.Checkers, check.Result{ID: c.ID, Name: c.Name, Verdict: verdict, Examined: 1})
	}
	if change != nil {
		change(report)
	}
	folder := filepath.Join(t.TempDir(), "first")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "plan.json"), p.JSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := report.Write(folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// calmPlan is that of a run in which nothing is broken, as short as it can be.
func calmPlan() *plan.Plan {
	s := plan.Defaults()
	s.Gateways, s.Devices, s.Clients, s.Rate = 2, 2, 1, 20
	s.Quiet, s.Duration, s.Liveness = seconds(1), seconds(1), seconds(1)
	return &plan.Plan{Version: plan.Version, Scenario: "baseline", Seed: 9, Settings: s}
}

// TestChaosReplay: a run is done again as often as asked, and it is said how often it came out as it did. Ctrl-C tells what
// was measured until then.
func TestChaosReplay(t *testing.T) {
	folder := firstRun(t, calmPlan(), "C4", func(r *chaos.Report) { r.Environment = []string{"GOGC=200"} })
	below := t.TempDir()
	p := start(t, "chaos", "replay", folder, "--times", "5", "--report", below, "--junit", filepath.Join(below, "junit.xml"))
	p.until(t, "the first run: violated C4")
	p.untilWithin(t, 3*longest, "2/5 ")
	latest, err := os.Readlink(filepath.Join(below, "latest"))
	if err != nil || !strings.Contains(latest, "baseline-9") {
		t.Errorf("latest leads to %q, %v", latest, err)
	}
	again, err := os.ReadFile(filepath.Join(below, "latest", "repro.sh"))
	if err != nil || !strings.Contains(string(again), "exec roost chaos run --env GOGC=200 --plan '"+below) {
		t.Errorf("repro.sh is %q, %v", again, err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var said []string
	for line := range p.lines {
		said = append(said, line)
	}
	<-p.ended
	text := strings.Join(said, "\n")
	counted := strings.Contains(text, "violated C4 in 0/2  (at most once); violated in the first run") ||
		strings.Contains(text, "violated C4 in 0/3  (at most once); violated in the first run") // the third was over before Ctrl-C came
	if p.state.ExitCode() != 130 || !counted {
		t.Errorf("exit code %d:\n%s\n%s", p.state.ExitCode(), text, p.errors.String())
	}
	junit, err := os.ReadFile(filepath.Join(below, "junit.xml"))
	if n := strings.Count(string(junit), "<testsuite "); err != nil || n < 2 {
		t.Errorf("junit has %d suites, %v", n, err)
	}
}

// TestChaosShrink: of two faults the one is left that breaks the promise, with all that there is to know of it, when the
// budget is spent. What is told as the way to do it again does it.
func TestChaosShrink(t *testing.T) {
	p := calmPlan()
	p.Settings.Quiet, p.Settings.Duration, p.Settings.MaxFailover = seconds(7), seconds(4), seconds(0.001) // no fail-over is that fast
	p.Entries = []plan.Entry{
		{ID: "f1", At: seconds(0.5), Hold: seconds(3), Fault: plan.Kill, Target: plan.Owner("rig-1")},
		{ID: "f2", At: seconds(3), Hold: seconds(0.2), Fault: plan.Delay, Target: plan.TargetAny, Params: plan.Params{Delay: seconds(0.01)}},
	}
	folder := firstRun(t, p, "C7", func(r *chaos.Report) { r.TookMS = 55_000 }) // so there is time for one run
	shrink := func() result {
		return runWithin(t, 3*longest, nil, nil, "chaos", "shrink", folder, "--budget", "60s", "--tries", "1")
	}
	r := shrink()
	if r.code == chaos.ExitUnknown { // it was late on a machine that was too busy to blame it for that
		t.Logf("made once more: %+v", r)
		r = shrink()
	}
	smallest := filepath.Join(folder, "min")
	if r.code != 0 || !strings.Contains(r.out, "now:    1 entry held up to 3s, 2 devices, 1 client, 4s") || !strings.Contains(r.out, "again:  roost chaos run --plan '"+filepath.Join(smallest, "plan.json")+"'") {
		t.Fatalf("%+v", r)
	}
	small, err := plan.Read(filepath.Join(smallest, "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(small.Entries) != 1 || small.Entries[0].ID != "f1" {
		t.Errorf("left is %s", small.JSON())
	}
	report, err := chaos.ReadReport(smallest)
	if err != nil || report.Exit != chaos.ExitViolated || !strings.Contains(report.Repro, smallest) {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "shrinking")); !os.IsNotExist(err) {
		t.Errorf("what was tried last is left: %v", err)
	}
	compiles(t, filepath.Join(smallest, "regression_test.go"))
}

// compiles checks that a test could be one of this module's.
func compiles(t *testing.T, path string) {
	t.Helper()
	at, err := filepath.Abs("../chaos/regression")
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	text := fmt.Sprintf(`{"Replace": {%q: %q, %q: %q}}`,
		filepath.Join(at, "regression_test.go"), path, filepath.Join(at, "plan.json"), filepath.Join(filepath.Dir(path), "plan.json"))
	if err := os.WriteFile(overlay, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-o", filepath.Join(t.TempDir(), "test"), "-overlay", overlay, "github.com/roost-iot/roost/nodes/chaos/regression").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// TestChaosAgainRefuses: what cannot be done again is refused before anything is touched.
func TestChaosAgainRefuses(t *testing.T) {
	broken := firstRun(t, calmPlan(), "C4", nil)
	held := firstRun(t, calmPlan(), "", nil)
	mutant := firstRun(t, calmPlan(), "C4", func(r *chaos.Report) {
		r.Tags, r.Environment = "mutants", []string{"ROOST_MUTANT=no-fence"}
	})
	targeted := calmPlan()
	targeted.Entries = []plan.Entry{{ID: "f1", Fault: plan.Kill, Target: plan.TargetAny}}
	unresolved := firstRun(t, targeted, "C4", nil)
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"replay"}, 64, "RUN-FOLDER is missing"},
		{[]string{"replay", "nowhere"}, 3, "nowhere"},
		{[]string{"replay", broken, "--times", "0"}, 64, "--times is 0"},
		{[]string{"replay", broken, "--progress", "loud"}, 64, "loud"},
		{[]string{"replay", broken, "--resolved", "--symbolic"}, 64, "either --resolved or --symbolic"},
		{[]string{"replay", unresolved, "--resolved"}, 3, "without --resolved they are looked for anew"},
		{[]string{"replay", mutant}, 3, "-tags mutants"},
		{[]string{"shrink", "nowhere"}, 3, "nowhere"},
		{[]string{"shrink", held}, 64, "broke no promise"},
		{[]string{"shrink", broken, "--checker", "C1"}, 64, "C4 was"},
		{[]string{"shrink", broken, "--tries", "0"}, 64, "--tries is 0"},
		{[]string{"shrink", broken, "--budget", "-1m"}, 64, "--budget is -1m0s"},
		{[]string{"shrink", mutant}, 3, "-tags mutants"},
		{[]string{"run", "--faults", "meteor"}, 64, `no fault "meteor"`},
		{[]string{"run", "--faults", "kill", "--scenario", "kill"}, 64, "either --scenario or --faults"},
		{[]string{"run", "--faults", "kill", "--targets", "everybody"}, 64, "everybody"},
		{[]string{"run", "--scenario", "kill-all", "--targets", "one"}, 64, "decides itself"},
		{[]string{"run", "--scenario", "kill", "--interval", "-1s"}, 64, "interval is -1s"},
		{[]string{"run", "--scenario", "kill", "--max-failover", "-1s"}, 64, "max failover is -1s"},
		{[]string{"run", "--scenario", "kill", "--hub-sync", "never"}, 64, "only always"},
		{[]string{"run", "--scenario", "kill", "--until-fail", "-1"}, 64, "--until-fail is -1"},
		{[]string{"run", "--scenario", "kill", "--env", "GOGC"}, 64, "not NAME=VALUE"},
		{[]string{"run", "--scenario", "kill", "--env", "ROOST_MUTANT=no-fence"}, 3, "-tags mutants"},
		{[]string{"run", "--plan", filepath.Join(broken, "plan.json"), "--devices", "3"}, 64, "--devices cannot be given"},
		{[]string{"run", "--plan", filepath.Join(broken, "plan.json"), "--seeds", "1..2"}, 64, "--seeds cannot be given"},
	} {
		below := filepath.Join(t.TempDir(), "below")
		args := append([]string{"chaos"}, test.args...)
		if test.args[0] != "shrink" {
			args = append(args, "--report", below)
		}
		r := run(t, args...)
		if r.code != test.code || !strings.Contains(r.err, test.says) {
			t.Errorf("%v: %+v, want exit code %d and %q", test.args, r, test.code, test.says)
		}
		if _, err := os.Stat(below); !os.IsNotExist(err) {
			t.Errorf("%v: something was touched: %v", test.args, err)
		}
	}
}

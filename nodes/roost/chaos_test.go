package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/check"
	chaosfleet "github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
	roost "github.com/roost-iot/roost/nodes/roost"
)

// chaosArgs are those of a short run.
func chaosArgs(below string, more ...string) []string {
	return append([]string{
		"chaos", "run", "--report", below, "--quiet", "2s", "--duration", "6s", "--liveness", "5s", "--devices", "12", "--rate", "20",
	}, more...)
}

// runFolder returns the folder of the only run.
func runFolder(t *testing.T, below string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(below, "2*", "plan.json")) // and not latest
	if err != nil || len(found) != 1 {
		t.Fatalf("runs %v, %v", found, err)
	}
	return filepath.Dir(found[0])
}

// chaosKill kills gateways as a user would, and returns what was said.
func chaosKill(t *testing.T, below string) (*process, []string) {
	t.Helper()
	p := start(t, chaosArgs(below, "--scenario", "kill", "--seed", "42", "--max-failover", "20s", "--junit", filepath.Join(below, "junit.xml"))...)
	var said []string
	for line := range p.lines {
		said = append(said, line)
	}
	<-p.ended
	return p, said
}

// TestChaosRun: a user kills gateways, all holds, and the report, the closing line and the exit code say so.
func TestChaosRun(t *testing.T) {
	below := t.TempDir()
	p, said := chaosKill(t, below)
	if text := strings.Join(said, "\n"); p.state.ExitCode() == 2 && strings.Contains(text, "too busy to tell") {
		t.Logf("made once more:\n%s", text)
		below = t.TempDir()
		p, said = chaosKill(t, below)
	}
	text := strings.Join(said, "\n")
	if p.state.ExitCode() != 0 {
		t.Fatalf("exit code %d:\n%s\n%s", p.state.ExitCode(), text, p.errors.String())
	}
	if last := said[len(said)-1]; !strings.HasSuffix(last, "skipped") || !strings.Contains(last, " passed, 0 failed, ") {
		t.Errorf("the last line is %q", last)
	}
	if !strings.HasPrefix(said[0], "seed 42  scenario kill") || !strings.Contains(text, "again:  roost chaos run --scenario kill --seed 42 --duration 6s") {
		t.Errorf("it does not say how to do it again:\n%s", text)
	}
	folder := runFolder(t, below)
	report, err := chaos.ReadReport(folder)
	if err != nil {
		t.Fatal(err)
	}
	if report.Verdict != check.Held || len(report.Faults) == 0 || !report.Faults[0].Confirmed || report.Failover["kill"].N == 0 || len(report.Availability.Served) == 0 {
		t.Errorf("report: %+v", report)
	}
	if junit, err := os.ReadFile(filepath.Join(below, "junit.xml")); err != nil || !strings.Contains(string(junit), `name="C4 at most once"`) {
		t.Errorf("junit: %s, %v", junit, err)
	}
	page, err := os.ReadFile(filepath.Join(folder, "report.html"))
	if err != nil || !strings.Contains(string(page), "roost chaos run --scenario kill --seed 42 --duration 6s") {
		t.Errorf("there is no page that says how to do it again: %d bytes, %v", len(page), err)
	}
	if again := run(t, "chaos", "report", folder); again.code != 0 || strings.TrimSpace(again.out) != filepath.Join(folder, "report.html") {
		t.Errorf("the page made again: %+v", again)
	}
	if again := run(t, "chaos", "check", folder); again.code != 0 || !strings.Contains(again.out, "passed, 0 failed") {
		t.Errorf("judged again: %+v", again)
	}
	if _, err := os.Stat(filepath.Join(folder, "nodes", "hub-1")); !os.IsNotExist(err) {
		t.Errorf("the data of the nodes is there: %v", err)
	}
}

// TestChaosInterrupted: Ctrl-C in the middle of a fault undoes it, and leaves no process. A run that goes on is not cleaned up.
func TestChaosInterrupted(t *testing.T) {
	below := t.TempDir()
	p := start(t, chaosArgs(below, "--scenario", "pause", "--seed", "1")...)
	p.untilWithin(t, 3*longest, "f1 pause")
	if r := run(t, "chaos", "cleanup", runFolder(t, below)); r.code == 0 || !strings.Contains(r.err, "goes on") {
		t.Errorf("cleanup of a run that goes on: %+v", r)
	}
	code, took := p.signal(t, syscall.SIGINT)
	if code != 130 || took > longest {
		t.Errorf("exit code %d after %v: %s", code, took, p.errors.String())
	}
	nothingLeft(t, runFolder(t, below))
}

// TestChaosHarnessIsKilled: its children die with it, and what it leaves on disk cleanup removes.
func TestChaosHarnessIsKilled(t *testing.T) {
	below := t.TempDir()
	p := start(t, chaosArgs(below, "--scenario", "pause", "--seed", "1")...)
	p.untilWithin(t, 3*longest, "f1 pause")
	if code, _ := p.signal(t, syscall.SIGKILL); code != -1 {
		t.Errorf("exit code %d", code)
	}
	folder := runFolder(t, below)
	r := run(t, "chaos", "cleanup", "--all", "--report", below)
	if r.code != 0 || !strings.Contains(r.out, " 1 folders removed") && !strings.Contains(r.out, " 2 folders removed") { // with failpoints there are sockets, too
		t.Errorf("cleanup: %+v", r)
	}
	nothingLeft(t, folder)
	if r := run(t, "chaos", "cleanup", folder); r.code != 0 || !strings.Contains(r.out, "0 things were left") {
		t.Errorf("cleanup once more: %+v", r)
	}
}

// nothingLeft checks that no process of a run is there.
func nothingLeft(t *testing.T, folder string) {
	t.Helper()
	text, err := os.ReadFile(chaos.ManifestPath(folder))
	if err != nil {
		t.Fatal(err)
	}
	var first struct{ Run string }
	line, _, _ := strings.Cut(string(text), "\n")
	if err := json.Unmarshal([]byte(line), &first); err != nil || first.Run == "" {
		t.Fatalf("manifest begins with %q, %v", line, err)
	}
	late := time.After(longest)
	for {
		left, err := chaosfleet.Leftovers(first.Run)
		if err != nil || len(left) == 0 {
			return // without /proc it cannot be told
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-late:
			t.Fatalf("processes %v are left", left)
		}
	}
}

func TestChaosRefuses(t *testing.T) {
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run"}, 64, "--scenario"},
		{[]string{"run", "--scenario", "meteor"}, 64, "unknown scenario"},
		{[]string{"run", "--scenario", "crash-loop"}, 3, "go build -tags failpoints"},
		{[]string{"run", "--scenario", "kill", "--hubs", "2"}, 64, "hubs is 2"},
		{[]string{"run", "--scenario", "kill", "--seeds", "9..1"}, 64, "--seeds"},
		{[]string{"run", "--scenario", "upgrade", "--upgrade-to", "/nonexistent/roost"}, 64, "--upgrade-to /nonexistent/roost"},
		{[]string{"run", "--scenario", "kill", "--upgrade-to", "roost"}, 64, "is for the scenario upgrade"},
		{[]string{"run", "--scenario", "kill", "--attached", "31"}, 64, "attached is 31"},
		{[]string{"check", "nowhere"}, 3, "nowhere"},
		{[]string{"report", "nowhere"}, 3, "nowhere"},
		{[]string{"cleanup"}, 64, "--all"},
	} {
		r := run(t, append([]string{"chaos"}, test.args...)...)
		if r.code != test.code || !strings.Contains(r.err, test.says) {
			t.Errorf("%v: %+v, want exit code %d and %q", test.args, r, test.code, test.says)
		}
	}
}

// TestChaosExitCodes: a broken promise is 1, and what nobody can tell is 2.
func TestChaosExitCodes(t *testing.T) {
	for want, records := range map[int][]history.Record{1: chaostest.TwoOwners(), 2: nil} {
		folder := t.TempDir()
		if err := chaostest.RunFolder(folder, records...); err != nil {
			t.Fatal(err)
		}
		if r := run(t, "chaos", "check", folder); r.code != want {
			t.Errorf("want exit code %d: %+v", want, r)
		}
	}
}

// TestChaosWorst: of several runs, a broken promise decides, whatever came before and after it.
func TestChaosWorst(t *testing.T) {
	ends := roost.WorstRun
	for _, test := range []struct{ got, want int }{
		{ends(0, 0), 0}, {ends(0, 2, 0), 2}, {ends(2, 1, 2), 1}, {ends(1, 3), 1}, {ends(2, 3, 0), 3}, {ends(1, 130), 130},
	} {
		if test.got != test.want {
			t.Errorf("exit code %d, want %d", test.got, test.want)
		}
	}
}

// TestChaosFenceTried: many pauses that left devices with a fence nothing to refuse have not tried that fence.
func TestChaosFenceTried(t *testing.T) {
	for _, test := range []struct {
		pauses, refused, code int
		text                  string
	}{
		{0, 0, 0, "\nall runs: 0 passed"},
		{19, 0, 0, "19 pauses of gateways of fenced devices, 0 stale attempts refused"},
		{20, 0, 2, "UNKNOWN: vacuous: gateways of fenced devices were paused 20 times"},
		{20, 1, 0, "20 pauses of gateways of fenced devices, 1 stale attempts refused"},
	} {
		if text, code := roost.Campaign(test.pauses, test.refused); code != test.code || !strings.Contains(text, test.text) {
			t.Errorf("%d pauses, %d refused: exit code %d, %q", test.pauses, test.refused, code, text)
		}
	}
}

// TestChaosLooks: what only looks touches nothing, and a plan that is shown can be run.
func TestChaosLooks(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"list", "faults"}, {"list", "checkers"}, {"doctor"}, {"plan", "--scenario", "mayhem", "--seed", "7"}} {
		if r := run(t, append([]string{"chaos"}, args...)...); r.code != 0 || strings.Count(r.out, "\n") < 5 {
			t.Errorf("%v: %+v", args, r)
		}
	}
	shown := run(t, "chaos", "plan", "--scenario", "pause", "--seed", "7", "--json")
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, []byte(shown.out), 0o600); err != nil {
		t.Fatal(err)
	}
	if again := run(t, "chaos", "plan", "--plan", path, "--json"); again.out != shown.out {
		t.Errorf("the plan is another when it is read: %+v", again)
	}
}

package replay_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/replay"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// judged is the report of a run in which these checkers came to another verdict than held.
func judged(verdicts map[string]check.Verdict) *run.Report {
	r := &run.Report{Schema: run.Schema}
	for _, c := range check.Checkers() {
		result := check.Result{ID: c.ID, Name: c.Name, Verdict: check.Held, Examined: 1}
		if v, ok := verdicts[c.ID]; ok {
			result.Verdict = v
		}
		r.Checkers = append(r.Checkers, result)
	}
	return r
}

// TestRate: each checker is counted by itself, beside what the first run showed.
func TestRate(t *testing.T) {
	held := judged(nil)
	c4 := judged(map[string]check.Verdict{"C4": check.Violated})
	doubt := judged(map[string]check.Verdict{"C4": check.Unknown, "C9": check.Unknown})
	for _, test := range []struct {
		name  string
		first *run.Report
		runs  []*run.Report
		want  []string
	}{
		{"again", c4, []*run.Report{c4, held, c4}, []string{"violated C4 in 2/3  (at most once); violated in the first run"}},
		{"new", held, []*run.Report{c4, held}, []string{"violated C4 in 1/2  (at most once); held in the first run"}},
		{"nothing to compare with", nil, []*run.Report{c4}, []string{"violated C4 in 1/1  (at most once)"}},
		{"all well", held, []*run.Report{held, held}, []string{"all held in 2/2"}},
		{"in doubt", c4, []*run.Report{c4, doubt}, []string{
			"violated C4 in 1/2  (at most once); violated in the first run; unknown in 1",
			"unknown C9 in 1/2  (not vacuous); held in the first run",
		}},
		{"not again", c4, slices.Repeat([]*run.Report{held}, 10), []string{
			"violated C4 in 0/10  (at most once); violated in the first run",
			"What shows in 26% of runs stays hidden in 10 of them with a chance of 5%.",
		}},
		{"not made", held, []*run.Report{held, nil, {}}, []string{"all held in 1/1", "2 runs were not judged"}},
		{"none", c4, nil, []string{"violated C4 in 0/0  (at most once); violated in the first run"}},
	} {
		var rate replay.Rate
		for _, r := range test.runs {
			rate.Add(r)
		}
		if diff := cmp.Diff(test.want, rate.Lines(test.first)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}

// folder makes the folder of a run of three kills, whose report has these faults and left out those.
func folder(t *testing.T, report *run.Report) string {
	t.Helper()
	p := &plan.Plan{Version: plan.Version, Scenario: "kill", Seed: 7, Settings: plan.Defaults()}
	for i, target := range []string{plan.TargetAll, plan.TargetAny, plan.Owner("rig-3")} {
		p.Entries = append(p.Entries, plan.Entry{ID: []string{"f1", "f2", "f3"}[i], Fault: plan.Kill, Target: target})
	}
	below := t.TempDir()
	if err := os.WriteFile(filepath.Join(below, "plan.json"), p.JSON(), 0o600); err != nil {
		t.Fatal(err)
	}
	if report != nil {
		report.Schema = run.Schema
		if err := report.Write(below); err != nil {
			t.Fatal(err)
		}
	}
	return below
}

// TestResolved: what was hit is hit again, and what was left out is not.
func TestResolved(t *testing.T) {
	first, err := replay.Open(folder(t, &run.Report{
		Faults:  []run.Fault{{ID: "f1", Target: "gw-1,gw-2,gw-3"}, {ID: "f3", Target: "gw-2"}},
		Skipped: []run.Skipped{{ID: "f2"}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	p, err := first.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, e := range p.Entries {
		targets = append(targets, e.ID+" "+e.Target)
	}
	if got := strings.Join(targets, ", "); got != "f1 gw-1,gw-2,gw-3, f3 gw-2" {
		t.Errorf("%s", got)
	}
	if first.Plan.Entries[0].Target != plan.TargetAll || len(first.Plan.Entries) != 3 {
		t.Errorf("the plan of the run has changed: %s", first.Plan.JSON())
	}
}

// TestUnresolved: a run that was given up does not say what all of its targets were, and can be done again as planned.
func TestUnresolved(t *testing.T) {
	for name, report := range map[string]*run.Report{"no report": nil, "given up": {Faults: []run.Fault{{ID: "f1", Target: "gw-1"}}}} {
		first, err := replay.Open(folder(t, report))
		if err != nil {
			t.Fatal(err)
		}
		if p, err := first.Resolved(); !errors.Is(err, replay.ErrUnresolved) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
		if len(first.Plan.Entries) != 3 || len(first.Environment()) != 0 {
			t.Errorf("%s: %+v", name, first)
		}
	}
	if _, err := replay.Open(t.TempDir()); err == nil {
		t.Error("a folder that is none of a run")
	}
}

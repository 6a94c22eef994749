package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestCauses: an owner may be replaced after a fault that touched it, not long ago; faults elsewhere are no excuse.
func TestCauses(t *testing.T) {
	for name, test := range map[string]struct {
		from, to int
		target   string
		want     check.Verdict
	}{
		"its gateway was slow": {18_000, 19_000, "gw-1", check.Held},
		"the hub was":          {18_000, 19_000, "hub-0", check.Held},
		"its link was":         {18_000, 19_000, "gw-1~hub-0", check.Held},
		"another gateway was":  {18_000, 19_000, "gw-2", check.Violated},
		"another link was":     {18_000, 19_000, "gw-2~hub-0", check.Violated},
		"long ago":             {1000, 2000, "gw-1", check.Violated},
		"only later":           {40_000, 41_000, "gw-1", check.Violated},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(20_000, grant(20, 10, gw2))
			s.fault("f1", history.FaultDelay, test.from, test.to, []string{test.target})
			if r := check.FailoverBounded(history.New(s.records)); r.Verdict != test.want {
				t.Errorf("got %s, want %s", report([]check.Result{r}), test.want)
			}
		})
	}
}

// TestLateActions: only a link of its own that held it back between deadline and arrival excuses a late action.
func TestLateActions(t *testing.T) {
	for name, test := range map[string]struct {
		from, to int
		down     string
		want     check.Verdict
	}{
		"its link held it back":   {1500, 4999, "gw-1~d", check.Held},
		"another one did":         {1500, 4999, "gw-2~d", check.Violated},
		"its link did before":     {200, 900, "gw-1~d", check.Violated},
		"its link did afterwards": {9000, 9900, "gw-1~d", check.Violated},
	} {
		t.Run(name, func(t *testing.T) {
			late := action(10, gw1)
			late.Command = "c"
			s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1))
			s.at(1000, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
			s.at(1010, &history.Answer{Command: "c", State: history.Accepted}).at(5000, late)
			s.at(5010, &history.Answer{Command: "c", State: history.Succeeded})
			s.fault("f1", history.FaultPartition, test.from, test.to, []string{"gw-1"}, test.down)
			if r := check.EndsInTime(history.New(s.records)); r.Verdict != test.want {
				t.Errorf("got %s, want %s", report([]check.Result{r}), test.want)
			}
		})
	}
}

// TestDrained: what is stored and was not delivered is lost only if every spool and the sink said that nothing waits.
func TestDrained(t *testing.T) {
	empty := func(holder string) *history.Backlog { return &history.Backlog{Holder: holder, Sink: holder == "sink"} }
	for name, test := range map[string]struct {
		backlogs []*history.Backlog
		want     check.Verdict
		reason   string
	}{
		"all are empty":          {[]*history.Backlog{empty("gw-1"), empty("gw-2"), empty("sink")}, check.Violated, ""},
		"a gateway says nothing": {[]*history.Backlog{empty("gw-1"), empty("sink")}, check.Unknown, "spool of gw-2"},
		"the sink says nothing":  {[]*history.Backlog{empty("gw-1"), empty("gw-2")}, check.Unknown, "sink's backlog"},
		"a spool is not empty":   {[]*history.Backlog{{Holder: "gw-1", Waiting: 3}, empty("gw-2"), empty("sink")}, check.Unknown, "gw-1 had readings waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10))
			for _, b := range test.backlogs {
				s.at(1000, b)
			}
			if r := check.NoReadingLost(history.New(s.records)); r.Verdict != test.want || !strings.Contains(r.Reason, test.reason) {
				t.Errorf("got %s, want %s, %q", report([]check.Result{r}), test.want, test.reason)
			}
		})
	}
}

// TestUnwell: a process that does not answer at the end, has grown, or has complained, has not converged.
func TestUnwell(t *testing.T) {
	for name, test := range map[string]struct {
		last history.Health
		want check.Verdict
		says string
	}{
		"well":            {history.Health{Answers: true, Memory: 120 << 20}, check.Held, ""},
		"does not answer": {history.Health{Memory: 100 << 20}, check.Violated, "does not answer"},
		"has grown":       {history.Health{Answers: true, Memory: 300 << 20}, check.Violated, "bytes of memory"},
		"complains":       {history.Health{Answers: true, Complaints: []string{"panic: boom"}}, check.Violated, "panic: boom"},
	} {
		t.Run(name, func(t *testing.T) {
			test.last.Node = "gw-1"
			s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(1000, &history.Phase{Phase: history.PhaseLiveness})
			s.at(500, &history.Health{Node: "gw-1", Answers: true, Memory: 100 << 20}).at(60_000, &history.Backlog{Holder: "sink", Sink: true})
			s.at(90_000, &test.last)
			r := check.Converges(history.New(s.records))
			if r.Verdict != test.want || r.Verdict == check.Violated && !strings.Contains(r.Violations[0].Text, test.says) {
				t.Errorf("got %s, want %s, %q", report([]check.Result{r}), test.want, test.says)
			}
		})
	}
}

// TestOwnerIsDown: a bus whose owner has ended, and that nobody else has taken, has not converged.
func TestOwnerIsDown(t *testing.T) {
	s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(1000, &history.Phase{Phase: history.PhaseLiveness})
	s.at(2000, &history.Process{Node: "gw-1", Run: 1, State: history.ProcessEnded}).at(90_000, &history.Backlog{Holder: "sink", Sink: true})
	r := check.Converges(history.New(s.records))
	if r.Verdict != check.Violated || !strings.Contains(r.Violations[0].Text, "which is down") {
		t.Errorf("got %s", report([]check.Result{r}))
	}
}

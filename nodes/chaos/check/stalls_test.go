package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestBusyMachine: beside forty others a command acted 0.7 s after its deadline, when the harness had not had its turn for
// half a second either (mayhem, seed 7, 60 s; herd, seed 1). That accuses nobody, and proves nothing.
func TestBusyMachine(t *testing.T) {
	verdict := func(stalls ...int) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1))
		s.at(1000, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
		s.at(1001, &history.Answer{Command: "c", State: history.Accepted, Source: history.FromRecord, Accepted: 1000 * ms})
		for _, at := range stalls {
			s.at(at, &history.Health{Node: history.Harness, Late: 100 * time.Millisecond})
		}
		late := action(10, gw1)
		late.Command = "c"
		s.at(2700, late).at(3000, &history.Answer{Command: "c", State: history.Succeeded, Source: history.FromReply, Accepted: 1000 * ms})
		return check.EndsInTime(history.New(s.records))
	}
	for _, test := range []struct {
		got  check.Result
		want check.Verdict
		name string
	}{
		{verdict(), check.Violated, "a machine that has time"},
		{verdict(2300, 2600), check.Unknown, "a busy one"},
		{verdict(2300), check.Violated, "one that is less busy than that"},
		{verdict(1700, 1900, 2800, 2900), check.Violated, "one that was busy at another time"},
	} {
		if test.got.Verdict != test.want || test.want == check.Unknown && !strings.Contains(test.got.Reason, "too busy to tell") {
			t.Errorf("%s: got %s, want %s:\n%s", test.name, test.got.Verdict, test.want, report([]check.Result{test.got}))
		}
	}
}

// TestBusyMachineLosesLeases: a gateway that stands still since the machine does loses its buses, and no fault had touched it
// (mayhem, seed 10, 60 s, when the harness did not get its turn for half of a minute).
func TestBusyMachineLosesLeases(t *testing.T) {
	for _, test := range []struct {
		late time.Duration
		want check.Verdict
	}{{0, check.Violated}, {100 * time.Millisecond, check.Violated}, {600 * time.Millisecond, check.Unknown}} {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1))
		if test.late > 0 {
			s.at(19_000, &history.Health{Node: history.Harness, Late: test.late})
		}
		s.at(20_000, grant(20, 10, gw2))
		if r := check.FailoverBounded(history.New(s.records)); r.Verdict != test.want {
			t.Errorf("late by %v: got %s, want %s:\n%s", test.late, r.Verdict, test.want, report([]check.Result{r}))
		}
	}
}

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

// TestBusyMachineDrivesOn: so it is with an action that a gateway sends after its last look at its lease.
func TestBusyMachineDrivesOn(t *testing.T) {
	for _, test := range []struct {
		stall int // when 100 ms of it ended; 0: there was none
		want  check.Verdict
	}{{0, check.Violated}, {2900, check.Violated}, {3150, check.Unknown}} {
		s := new(story).at(0, plan(history.Limits{}, true)).at(100, grant(10, 0, gw1)).at(1000, member(gw1, history.LeaseLive, 11, 0))
		if test.stall > 0 {
			s.at(test.stall, &history.Health{Node: history.Harness, Late: 100 * time.Millisecond})
		}
		s.at(3200, action(10, gw1)).at(7000, member(gw1, history.LeaseLive, 12, 11))
		if r := check.OneDriver(history.New(s.records)); r.Verdict != test.want {
			t.Errorf("busy until %d ms: got %s, want %s:\n%s", test.stall, r.Verdict, test.want, report([]check.Result{r}))
		}
	}
}

// TestBusyMachineReadsOn: a gateway that stands still after its last look at its lease reads after it.
func TestBusyMachineReadsOn(t *testing.T) {
	for _, test := range []struct {
		stall int // when 100 ms of it ended; 0: there was none
		want  check.Verdict
	}{{0, check.Violated}, {2900, check.Violated}, {3150, check.Unknown}} {
		run := plan(history.Limits{}, true)
		run.Devices[0].Exclusive = true
		s := new(story).at(0, run).at(100, grant(10, 0, gw1)).at(900, action(10, gw1)).at(1000, member(gw1, history.LeaseLive, 11, 0))
		if test.stall > 0 {
			s.at(test.stall, &history.Health{Node: history.Harness, Late: 100 * time.Millisecond})
		}
		s.at(3200, &history.Read{Device: "d", Peer: gw1, Done: true}).at(7000, member(gw1, history.LeaseLive, 12, 11))
		if r := check.OneDriver(history.New(s.records)); r.Verdict != test.want {
			t.Errorf("busy until %d ms: got %s, want %s:\n%s", test.stall, r.Verdict, test.want, report([]check.Result{r}))
		}
	}
}

// TestBusyMachineLeavesDoubt: who waits in vain for an answer, while the machine stands still, knows nothing. Stalls that are short
// beside all of that time, or at another time, are no reason.
func TestBusyMachineLeavesDoubt(t *testing.T) {
	for _, test := range []struct {
		at   int
		late time.Duration
		want check.Verdict
	}{
		{2500, 0, check.Violated}, {2500, 100 * time.Millisecond, check.Violated}, {2500, 600 * time.Millisecond, check.Unknown},
		{1200, 600 * time.Millisecond, check.Violated}, {3600, 600 * time.Millisecond, check.Violated},
	} {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1))
		s.at(1000, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
		if test.late > 0 {
			s.at(test.at, &history.Health{Node: history.Harness, Late: test.late})
		}
		s.at(3000, &history.Answer{Command: "c", State: history.Indeterminate})
		if r := check.HonestOutcomes(history.New(s.records)); r.Verdict != test.want {
			t.Errorf("late by %v at %d ms: got %s, want %s:\n%s", test.late, test.at, r.Verdict, test.want, report([]check.Result{r}))
		}
	}
}

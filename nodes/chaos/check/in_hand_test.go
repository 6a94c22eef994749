package check_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// stoppedAt adds that gw-1 was stopped at a point, from 2 s to 6 s, while gw-2 got the bus at 4 s.
func stoppedAt(point string, fenced bool) *story {
	s := new(story).at(0, plan(history.Limits{}, fenced)).at(100, grant(10, 0, gw1)).at(4000, grant(20, 10, gw2))
	s.fault("f1", history.FaultPause, 2000, 6000, []string{"gw-1"}, "gw-1")
	return s.point(point)
}

// TestInHand: of a gateway that was stopped between its last look and the write, one action may come late, and of no other.
func TestInHand(t *testing.T) {
	late := func(point string, at ...int) check.Verdict {
		s := stoppedAt(point, false).at(5000, action(20, gw2))
		for _, ms := range at {
			s.at(ms, action(10, gw1))
		}
		return check.OneDriver(history.New(s.records)).Verdict
	}
	for _, test := range []struct {
		got, want check.Verdict
		name      string
	}{
		{late(failpoint.DriverWrite, 6050), check.Held, "the one in hand"},
		{late(failpoint.CheckAndDrive, 6050), check.Held, "the one in hand, a little before"},
		{late(failpoint.DriverWrite, 6050, 6060), check.Violated, "a second one"},
		{late(failpoint.DriverWrite, 7200), check.Violated, "long after it went on"},
		{late(failpoint.CommandAfterIntent, 6050), check.Violated, "stopped elsewhere"},
		{late("", 6050), check.Violated, "stopped at some time"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, test.got, test.want)
		}
	}
}

// TestInHandIsLate: its deadline may have passed as well, and only its own.
func TestInHandIsLate(t *testing.T) {
	for point, want := range map[string]check.Verdict{failpoint.DriverWrite: check.Held, failpoint.CommandAfterIntent: check.Violated} {
		late := action(10, gw1)
		late.Command = "c"
		s := stoppedAt(point, false)
		s.at(1900, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
		s.at(1910, &history.Answer{Command: "c", State: history.Accepted}).at(6050, late).at(6060, &history.Answer{Command: "c", State: history.Indeterminate})
		if r := check.EndsInTime(history.New(s.records)); r.Verdict != want {
			t.Errorf("%s: got %s, want %s", point, report([]check.Result{r}), want)
		}
	}
}

// TestInHandIsLateOnce: what it sends after that one it has looked at again.
func TestInHandIsLateOnce(t *testing.T) {
	s := stoppedAt(failpoint.DriverWrite, false)
	for i, id := range []string{"c", "e"} {
		late := action(10, gw1)
		late.Command = id
		s.at(1900, &history.Call{Command: id, Device: "d", Class: history.Relative, Expires: time.Second})
		s.at(1910, &history.Answer{Command: id, State: history.Accepted})
		s.at(6050+10*i, late).at(6080, &history.Answer{Command: id, State: history.Indeterminate})
	}
	r := check.EndsInTime(history.New(s.records))
	if r.Verdict != check.Violated || len(r.Violations) != 1 || r.Violations[0].Clause != "C5b" || r.Violations[0].Subject != "e" {
		t.Errorf("got %s", report([]check.Result{r}))
	}
}

// TestFenceRefusesWhatIsInHand: a device that has a fence is not excused by what its old owner had in hand.
func TestFenceRefusesWhatIsInHand(t *testing.T) {
	s := stoppedAt(failpoint.DriverWrite, true).at(5000, action(20, gw2)).at(6050, action(10, gw1))
	if r := check.OneDriver(history.New(s.records)); r.Verdict != check.Violated {
		t.Errorf("got %s", report([]check.Result{r}))
	}
}

package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestAttachedGoOn: a device that one gateway alone may own is read while that one runs, also when it was started without a hub; only
// what was done to the gateway, to its way to the device, or to the device excuses that it is not.
func TestAttachedGoOn(t *testing.T) {
	process := func(run int, state history.ProcessState) *history.Process {
		return &history.Process{Node: "gw-1", Run: run, State: state}
	}
	tell := func(silent, until int, more func(s *story)) check.Result {
		run := plan(history.Limits{}, false)
		run.Devices = []history.DeviceSpec{{ID: "d", Bus: "b", Gateways: []string{"gw-1"}, Period: 500 * time.Millisecond}}
		s := new(story).at(0, run).at(1, grant(10, 0, gw1)).at(500, process(1, history.ProcessReady))
		for at := 600; at < 40_000; at += 500 {
			if at < silent || at > until {
				s.at(at, &history.Read{Device: "d", Peer: gw1, Done: true})
			}
		}
		if more != nil {
			more(s)
		}
		return check.FailoverBounded(history.New(s.records))
	}
	outage := func(s *story) {
		s.fault("f1", history.FaultOutage, 10_000, 20_000, []string{"gw-1", "hub-0"}, "gw-1~hub-0", "hub-0")
	}
	for name, test := range map[string]struct {
		result check.Result
		want   check.Verdict
	}{
		"it is read throughout":      {tell(50_000, 0, outage), check.Held},
		"for a moment it is not":     {tell(11_000, 14_000, outage), check.Held},
		"nor while the hub is away":  {tell(11_000, 19_000, outage), check.Violated},
		"its gateway stands still":   {tell(11_000, 19_000, func(s *story) { s.fault("f1", history.FaultPause, 10_500, 14_500, []string{"gw-1"}, "gw-1") }), check.Held},
		"another gateway does":       {tell(11_000, 19_000, func(s *story) { s.fault("f1", history.FaultPause, 10_500, 14_500, []string{"gw-2"}, "gw-2") }), check.Violated},
		"its way to the device does": {tell(11_000, 19_000, func(s *story) { s.fault("f1", history.FaultPartition, 10_500, 14_500, []string{"gw-1"}, "gw-1~truth") }), check.Held},
		"it does not run": {tell(11_000, 25_000, func(s *story) {
			s.at(11_000, process(1, history.ProcessEnded)).at(24_000, process(2, history.ProcessStarted))
		}), check.Held},
		"it was started without a hub": {tell(11_000, 25_000, func(s *story) {
			outage(s)
			s.at(11_000, process(1, history.ProcessEnded)).at(12_000, process(2, history.ProcessStarted)).at(26_000, process(2, history.ProcessReady))
		}), check.Violated},
	} {
		t.Run(name, func(t *testing.T) {
			r := test.result
			if r.Verdict == check.Violated && (len(r.Violations) != 1 || !strings.Contains(r.Violations[0].Text, "is attached to gw-1")) {
				t.Errorf("accused of something else: %s", report([]check.Result{r}))
			}
			if r.Verdict != test.want {
				t.Errorf("got %s, want %s", report([]check.Result{r}), test.want)
			}
		})
	}
}

// TestOutageWithoutCopies: an outage after which the hub has no reading twice has not tested who removes them.
func TestOutageWithoutCopies(t *testing.T) {
	tell := func(again int) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(900, stored(10))
		s.fault("f1", history.FaultOutage, 1000, 9000, []string{"gw-1"}, "gw-1~hub-0").at(again, stored(10))
		return check.NotVacuous(history.New(s.records))
	}
	const vacuous = "no reading was stored before an outage and once more after it"
	if r := tell(9100); strings.Contains(r.Reason, vacuous) || r.Metrics["readings stored once more after an outage"] != 1 {
		t.Errorf("stored again after it: %s", report([]check.Result{r}))
	}
	if r := tell(1100); !strings.Contains(r.Reason, vacuous) {
		t.Errorf("stored again before its end: %s", report([]check.Result{r}))
	}
}

// TestCloneIsNoCause: the owner that runs loses nothing to another process with its id; one that stood still does.
func TestCloneIsNoCause(t *testing.T) {
	tell := func(down ...string) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10))
		s.fault("f1", history.FaultClone, 5000, 9000, []string{"gw-1"}, down...).at(7000, grant(20, 10, gw2)).at(7100, stored(20))
		return check.FailoverBounded(history.New(s.records))
	}
	if r := tell(); r.Verdict != check.Violated || !strings.Contains(r.Violations[0].Text, "no fault had touched it") {
		t.Errorf("a clone was refused, and the owner changed: %s", report([]check.Result{r}))
	}
	if r := tell("gw-1"); r.Verdict != check.Held {
		t.Errorf("the first stood still: %s", report([]check.Result{r}))
	}
}

// TestStopLeavesNoDoubt: that a gateway ends in order is no reason not to know what a command did.
func TestStopLeavesNoDoubt(t *testing.T) {
	handed, released := grant(20, 10, gw2), grant(20, 10, history.Peer{})
	handed.HandedOverBy = "gw-1"
	tell := func(kind history.FaultKind, next *history.Grant) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1))
		if next != nil {
			s.at(1500, next)
		}
		s.at(1000, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
		s.fault("f1", kind, 1100, 2000, []string{"gw-1"}, "gw-1").at(2500, &history.Answer{Command: "c", State: history.Indeterminate})
		return check.HonestOutcomes(history.New(s.records))
	}
	for name, next := range map[string]*history.Grant{"the bus was kept": nil, "it was handed over": handed, "it was released": released} {
		if r := tell(history.FaultStop, next); r.Verdict != check.Violated {
			t.Errorf("after a stop, %s: %s", name, report([]check.Result{r}))
		}
	}
	if r := tell(history.FaultStop, grant(20, 10, gw2)); r.Verdict != check.Held {
		t.Errorf("it had to be taken: %s", report([]check.Result{r}))
	}
	if r := tell(history.FaultKill, nil); r.Verdict != check.Held {
		t.Errorf("after a kill: %s", report([]check.Result{r}))
	}
}

// TestHandOverIsOfTheOwnerBefore: the gap of a hand-over begins with a read by who handed the bus over. What lay between its last
// owner's death and that is a failover.
func TestHandOverIsOfTheOwnerBefore(t *testing.T) {
	tell := func(reads bool) check.Result {
		run := plan(history.Limits{}, true)
		run.Devices[0].Period = 500 * time.Millisecond
		read := func(p history.Peer) *history.Read { return &history.Read{Device: "d", Peer: p, Done: true} }
		gw3 := history.Peer{Gateway: "gw-3", Incarnation: "i1"}
		handed := grant(30, 20, gw2)
		handed.HandedOverBy = "gw-1"
		s := new(story).at(0, run).at(1, grant(10, 0, gw3)).at(100, read(gw3)).fault("f1", history.FaultKill, 200, 300, []string{"gw-3"}, "gw-3")
		s.at(10_000, grant(20, 10, gw1))
		if reads {
			s.at(10_100, read(gw1))
		}
		return check.FailoverBounded(history.New(s.at(20_000, handed).at(20_100, read(gw2)).records))
	}
	gap := func(r check.Result) bool {
		for _, v := range r.Violations {
			if strings.Contains(v.Text, "was handed over by") {
				return true
			}
		}
		return false
	}
	if r := tell(true); !gap(r) {
		t.Errorf("it was read by the owner before, long ago: %s", report([]check.Result{r}))
	}
	if r := tell(false); gap(r) {
		t.Errorf("the owner before never read it: %s", report([]check.Result{r}))
	}
}

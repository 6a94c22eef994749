package check_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestNothingIsNoPass: a history with nothing in it accuses nobody, and proves nothing.
func TestNothingIsNoPass(t *testing.T) {
	results := check.All(history.New(nil))
	if got := check.Worst(results); got != check.Unknown {
		t.Errorf("got %s, want %s:\n%s", got, check.Unknown, report(results))
	}
	for _, r := range results {
		if r.Verdict == check.Unknown && r.Reason == "" {
			t.Errorf("%s does not say why", r.ID)
		}
	}
	if got := check.Worst(nil); got != check.Unknown {
		t.Errorf("of no results: got %s", got)
	}
}

// TestIsolation: a device on another bus is read half as often while one fails.
func TestIsolation(t *testing.T) {
	slowed := func(device string, every int, stalls ...int) check.Result {
		run := plan(history.Limits{}, true)
		run.Devices = append(run.Devices, history.DeviceSpec{ID: "e", Bus: "c"})
		s := new(story).at(0, run).at(0, &history.Phase{Phase: history.PhaseQuiet}).at(10_000, &history.Phase{Phase: history.PhaseFaults})
		s.fault("f0", history.FaultHang, 15_000, 18_000, []string{"d"}) // which is over
		s.fault("f1", history.FaultPanic, 20_000, 40_000, []string{"d"})
		s.at(16_000, &history.Event{Device: "d", Event: history.EventRestarted}).at(20_500, &history.Event{Device: "d", Event: history.EventRestarted})
		for at := 0; at < 50_000; at += 100 {
			if at < 20_000 || at%every == 0 {
				s.at(at, &history.Read{Device: device, Done: true})
			}
			if len(stalls) == 2 && stalls[0] < at && at <= stalls[1] {
				s.at(at+50, &history.Health{Node: history.Harness, Late: 50 * time.Millisecond})
			}
		}
		return check.Supervised(history.New(s.records))
	}
	if r := slowed("e", 200); r.Verdict != check.Held {
		t.Errorf("half as often is allowed: %s", report([]check.Result{r}))
	}
	if r := slowed("e", 300); r.Verdict != check.Violated || r.Violations[0].Subject != "e" {
		t.Errorf("a third is not: %s", report([]check.Result{r}))
	}
	if r := slowed("e", 300, 20_000, 40_000); r.Verdict != check.Unknown || !strings.Contains(r.Reason, "too busy to tell") {
		t.Errorf("a machine that stood still proves nothing: %s", report([]check.Result{r}))
	}
	if r := slowed("e", 300, 20_000, 25_000); r.Verdict != check.Violated {
		t.Errorf("it was slow when the machine was not: %s", report([]check.Result{r}))
	}
	if r := slowed("d", 300); r.Verdict != check.Held {
		t.Errorf("the device itself may be: %s", report([]check.Result{r}))
	}
}

// TestVacuous: faults that did nothing prove nothing.
func TestVacuous(t *testing.T) {
	for name, test := range map[string]struct {
		breaks func(s *story)
		want   string
	}{
		"kill without a takeover": {
			func(s *story) { s.fault("f1", history.FaultKill, 5000, 6000, []string{"gw-1"}, "gw-1") }, "no bus changed its owner",
		},
		"pause without effect": {
			func(s *story) { s.fault("f1", history.FaultPause, 5000, 9000, []string{"gw-1"}, "gw-1") }, "neither refused nor evicted",
		},
		"pause after which a device refused something long before": {
			func(s *story) {
				stale := action(3, gw1)
				stale.Done, stale.Stale = false, true
				s.at(1000, stale).fault("f1", history.FaultPause, 5000, 9000, []string{"gw-1"}, "gw-1")
			}, "neither refused nor evicted",
		},
		"pause of a gateway that hands over later": {
			func(s *story) {
				handed := grant(11, 10, gw2)
				handed.HandedOverBy = "gw-1"
				s.at(9500, handed).fault("f1", history.FaultPause, 5000, 9000, []string{"gw-1"}, "gw-1")
			}, "neither refused nor evicted",
		},
		"not undone": {
			func(s *story) {
				s.records[0].(*history.Run).Planned = []history.PlannedFault{{ID: "f1", Fault: history.FaultPartition}}
				s.fault("f1", history.FaultPartition, 5000, 9000, []string{"gw-1"}, "gw-1~hub-0")
				s.records = slices.DeleteFunc(s.records, func(r history.Record) bool {
					f, is := r.(*history.Fault)
					return is && f.Step == history.FaultHealed
				})
			}, "not seen to be undone",
		},
		"answers were not lost": {
			func(s *story) { s.fault("f1", history.FaultAckLost, 5000, 9000, []string{"gw-1"}) }, "nothing was in doubt",
		},
		"partition without evidence": {
			func(s *story) { s.fault("f1", history.FaultPartition, 5000, 9000, []string{"gw-1"}, "gw-1~hub-0") }, "no evidence",
		},
		"power cut of which nothing was seen": {
			func(s *story) { s.fault("f1", history.FaultPowerCut, 5000, 9000, []string{"hub-0"}, "hub-0") }, "no evidence",
		},
		"power cut without a takeover": {
			func(s *story) {
				s.fault("f1", history.FaultPowerCut, 5000, 9000, []string{"gw-1"}, "gw-1")
				for _, r := range s.records {
					if f, is := r.(*history.Fault); is && f.Step == history.FaultApplied {
						f.Evidence = "a file is lost"
					}
				}
			}, "no bus changed its owner",
		},
		"disk that failed, of which nothing was seen": {
			func(s *story) { s.fault("f1", history.FaultDiskDead, 5000, 9000, []string{"gw-1"}) }, "no evidence",
		},
		"nothing delivered": {func(*story) {}, "no reading was delivered"},
		"a class that never worked": {
			func(s *story) {
				s.at(3000, &history.Call{Command: "c", Device: "d", Class: history.Relative})
			}, "no " + string(history.Relative) + " command succeeded",
		},
		"a deadline that was never kept": {
			func(s *story) {
				s.at(3000, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
			}, "no " + check.KindShort + " command succeeded",
		},
		"what waits for a device never worked": {
			func(s *story) {
				s.at(3000, &history.Call{Command: "c", Device: "d", Class: history.Absolute, Expires: time.Minute, QueueWhileAway: true})
			}, "no " + check.KindDurable + " command succeeded",
		},
		"a question that nobody answered": {
			func(s *story) {
				s.at(3000, &history.Call{Command: "q", Device: "d", Class: history.Query})
				s.at(3100, &history.Answer{Command: "q", Source: history.FromReply, Error: "the device is offline"})
			}, "no " + string(history.Query) + " command succeeded",
		},
		"nothing could be desired": {
			func(s *story) {
				s.at(3000, &history.Register{Key: "desired.d", Operation: history.RegisterWrite, Outcome: history.RegisterRefused, Called: 2990 * ms})
				s.at(3100, &history.Register{Key: "desired.d", Operation: history.RegisterWrite, Outcome: history.RegisterDone, Stored: true, Revision: 4})
			}, "no " + check.KindDesired + " command succeeded",
		},
		"never tried": {
			func(s *story) {
				s.records[0].(*history.Run).Planned = []history.PlannedFault{{ID: "f9", Fault: history.FaultKill}}
			}, "never tried",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(20_000, &history.Phase{Phase: history.PhaseEnd})
			test.breaks(s)
			r := check.NotVacuous(history.New(s.records))
			if r.Verdict != check.Unknown || !strings.Contains(r.Reason, test.want) {
				t.Errorf("got %s, want %q", report([]check.Result{r}), test.want)
			}
		})
	}
}

// TestOneOfAKindShows: a pause for which nobody was there to evict it is no reason for doubt where another one had its effect
// (mayhem, seed 12, 60 s).
func TestOneOfAKindShows(t *testing.T) {
	vacuous := func(evicted bool) bool {
		s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(20_000, &history.Phase{Phase: history.PhaseEnd})
		s.fault("f1", history.FaultPause, 1000, 5000, []string{"gw-1"}, "gw-1").fault("f2", history.FaultPause, 7000, 11_000, []string{"gw-1"}, "gw-1")
		if evicted {
			s.at(10_000, &history.Lease{Peer: gw1, State: history.LeaseEvicted, Sequence: 30})
		}
		return strings.Contains(check.NotVacuous(history.New(s.records)).Reason, "neither refused nor evicted")
	}
	if !vacuous(false) || vacuous(true) {
		t.Errorf("none was evicted: %v; one was: %v", vacuous(false), vacuous(true))
	}
}

// TestTooShort: what would have come right in time is not violated, and not held.
func TestTooShort(t *testing.T) {
	s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(1000, &history.Phase{Phase: history.PhaseLiveness})
	s.at(1500, &history.Call{Command: "c", Device: "d", Class: history.Relative, Expires: time.Second})
	s.at(1600, &history.Answer{Command: "c", State: history.Accepted, Source: history.FromRecord})
	s.at(2000, &history.Backlog{Holder: "gw-1", Waiting: 3})
	h := history.New(s.records)
	for _, r := range []check.Result{check.Converges(h), check.EndsInTime(h)} {
		if r.Verdict != check.Unknown || !strings.Contains(r.Reason, "run too short") {
			t.Errorf("got %s", report([]check.Result{r}))
		}
	}
}

// TestUnsureWrites: what nobody ever saw cannot be judged if there is too much of it.
func TestUnsureWrites(t *testing.T) {
	verdict := func(unsure int) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true))
		for i := range unsure {
			s.at(100+i, &history.Register{Key: "k", Operation: history.RegisterWrite, Outcome: history.RegisterUnsure, Expect: 1, Value: fmt.Sprint(i)})
		}
		s.at(500, &history.Register{Key: "k", Operation: history.RegisterRead, Outcome: history.RegisterDone, Called: 499 * ms, Value: "a", Revision: 1})
		return check.Linearizable(history.New(s.records))
	}
	if r := verdict(6); r.Verdict != check.Held {
		t.Errorf("six: %s", report([]check.Result{r}))
	}
	if r := verdict(7); r.Verdict != check.Unknown {
		t.Errorf("seven: %s", report([]check.Result{r}))
	}
}

// TestDrawRegister: the picture has the operations and the faults.
func TestDrawRegister(t *testing.T) {
	s := new(story).at(0, plan(history.Limits{}, true)).fault("f-42", history.FaultKill, 100, 200, []string{"gw-1"})
	s.at(500, &history.Register{Key: "k", Operation: history.RegisterRead, Outcome: history.RegisterDone, Called: 499 * ms, Value: "a-7", Revision: 1})
	var page bytes.Buffer
	h := history.New(s.records)
	if err := check.DrawRegister(h, "k", &page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"read a-7 at 1", "f-42 (kill)"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if err := check.DrawRegister(h, "none", &page); err == nil {
		t.Error("a register that nobody used was drawn")
	}
}

// TestManyViolations: all are counted, and so many are named.
func TestManyViolations(t *testing.T) {
	s := new(story).at(0, plan(history.Limits{}, true))
	for i := range 150 {
		s.at(i, action(uint64(1000-i), gw1))
	}
	r := check.OneDriver(history.New(s.records))
	if len(r.Violations) != check.MaxViolations || r.Metrics["violations"] != 149 {
		t.Errorf("%d are named, and %v counted", len(r.Violations), r.Metrics["violations"])
	}
	if !slices.IsSortedFunc(r.Violations, func(a, b check.Violation) int { return int(a.At - b.At) }) {
		t.Error("they are not in the order of their times")
	}
}

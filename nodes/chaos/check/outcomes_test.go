package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestOutcomes: what may be said of commands and questions, and what not, beside what the hardware did.
func TestOutcomes(t *testing.T) {
	call := func(class history.Class, expires time.Duration) *history.Call {
		return &history.Call{Command: "c", Device: "d", Class: class, Resource: "setpoint", Value: "1", Expires: expires, QueueWhileAway: true}
	}
	answer := func(state history.State, attempt uint32) *history.Answer {
		return &history.Answer{Command: "c", Device: "d", Source: history.FromReply, State: state, Attempt: attempt}
	}
	pause := func(s *story) { s.fault("f1", history.FaultPause, 900, 2000, []string{"gw-1"}) }
	doubt := func(s *story, down string, at int) {
		s.fault("f1", history.FaultKill, 900, 2000, []string{down}, down).at(at, call(history.Relative, time.Minute))
		s.at(at+50, answer(history.Accepted, 0)).at(at+500, answer(history.Indeterminate, 1))
	}
	question := func(s *story, value string) {
		s.at(100, &history.Hardware{On: true}).at(1000, &history.Read{Device: "d", Count: 1, Value: 20.5, Peer: gw1, Done: true})
		s.at(1500, &history.Call{Command: "c", Device: "d", Class: history.Query})
		told := answer(history.Succeeded, 0)
		told.Value = value
		s.at(1600, told).at(3000, &history.Read{Device: "d", Count: 2, Value: 21.5, Peer: gw1, Done: true})
		s.at(4000, &history.Call{Command: "other", Device: "d", Class: history.Relative, Resource: "dose", Value: "1"})
		s.at(4100, &history.Answer{Command: "other", Device: "d", Source: history.FromReply, State: history.Failed})
	}
	for name, c := range map[string]struct {
		story   func(*story)
		checker func(*history.History) check.Result
		verdict check.Verdict
		text    string
	}{
		"rejected, and dispatched": {func(s *story) {
			s.at(1000, call(history.Relative, time.Minute)).at(1100, answer(history.Rejected, 1))
		}, check.HonestOutcomes, check.Violated, "had been dispatched"},
		"rejected, and once in doubt": {func(s *story) {
			s.at(1000, call(history.Relative, time.Minute)).at(1100, answer(history.Rejected, 0)).at(1050, answer(history.Unknown, 0))
		}, check.HonestOutcomes, check.Violated, "had been dispatched"},
		"rejected, having waited": {func(s *story) {
			s.at(1000, call(history.Relative, time.Minute)).at(1050, answer(history.Queued, 0)).at(1100, answer(history.Rejected, 0))
		}, check.HonestOutcomes, check.Held, ""},
		"not accepted, for nothing": {func(s *story) {
			s.at(9000, call(history.Relative, time.Minute)).at(9100, answer("", 0))
		}, check.HonestOutcomes, check.Unknown, "was not accepted, and no fault was there"},
		"not accepted, in a pause": {func(s *story) {
			pause(s)
			s.at(1000, call(history.Relative, time.Minute)).at(1100, answer("", 0))
		}, check.HonestOutcomes, check.Unknown, "no command ended"},
		"a durable command ends in doubt, with time left": {func(s *story) {
			pause(s)
			s.at(1000, call(history.Absolute, time.Minute)).at(1050, answer(history.Accepted, 0)).at(1900, answer(history.Indeterminate, 1))
		}, check.EndsInTime, check.Unknown, "could have been sent again"},
		"a durable command ends in doubt, at its deadline": {func(s *story) {
			pause(s)
			s.at(1000, call(history.Absolute, 3*time.Second)).at(1050, answer(history.Accepted, 0)).at(1900, answer(history.Indeterminate, 1))
		}, check.EndsInTime, check.Held, ""},
		"one that must not be sent again ends in doubt": {func(s *story) {
			pause(s)
			s.at(1000, call(history.Relative, time.Minute)).at(1050, answer(history.Accepted, 0)).at(1900, answer(history.Indeterminate, 1))
		}, check.EndsInTime, check.Held, ""},
		// The hub may take its time after it came back, and leases run out meanwhile (power-cut, seed 1, 30 s).
		"in doubt while the hub settles":               {func(s *story) { doubt(s, "hub-0", 11_000) }, check.HonestOutcomes, check.Held, ""},
		"in doubt when the hub has settled":            {func(s *story) { doubt(s, "hub-0", 13_000) }, check.HonestOutcomes, check.Violated, "no fault was there"},
		"in doubt long after another gateway was away": {func(s *story) { doubt(s, "gw-2", 11_000) }, check.HonestOutcomes, check.Violated, "no fault was there"},
		"a question is told what was shown":            {func(s *story) { question(s, "20.5") }, check.HonestOutcomes, check.Held, ""},
		"a question is told what was shown later": {
			func(s *story) { question(s, "21.5") }, check.HonestOutcomes, check.Violated, "it had never shown that",
		},
		"a question is told what was never shown": {
			func(s *story) { question(s, "451") }, check.HonestOutcomes, check.Violated, "it had never shown that",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := new(story).at(0, plan(history.Limits{}, true)).at(100_000, &history.Phase{Phase: history.PhaseEnd})
			c.story(s)
			r := c.checker(history.New(s.records))
			said := r.Reason
			if len(r.Violations) > 0 {
				said = r.Violations[0].Text
			}
			if r.Verdict != c.verdict || !strings.Contains(said, c.text) {
				t.Errorf("got %s; want %s: %s", report([]check.Result{r}), c.verdict, c.text)
			}
		})
	}
}

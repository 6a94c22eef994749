package check_test

import (
	"slices"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// lost is a story of an owner that is killed at 1 s and another one that serves at the time given.
func lost(served int) *story {
	s := new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10))
	s.fault("f1", history.FaultKill, 1000, 20_000, []string{"gw-1"}, "gw-1")
	return s.at(3400, grant(20, 10, gw2)).at(served, stored(20))
}

// becomesOwner is a story of an owner that is killed at 1 s and comes back, and of another one, paused at 3.5 s, that becomes the owner at
// the time given.
func becomesOwner(at int) *story {
	return comesBack().fault("f2", history.FaultPause, 3500, 9000, []string{"gw-2"}, "gw-2").at(at, grant(20, 10, gw2))
}

// comesBack is a story of an owner that is killed at 1 s and comes back.
func comesBack() *story {
	return new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
		fault("f1", history.FaultKill, 1000, 2000, []string{"gw-1"}, "gw-1")
}

// slow is a fault by which a device answers later by some milliseconds.
func (s *story) slow(id string, by, from, to int, device string) *story {
	s.fault(id, history.FaultDevice, from, to, []string{device})
	for _, r := range s.records {
		if f, ok := r.(*history.Fault); ok && f.ID == id && f.Step == history.FaultApplied {
			f.Slow = time.Duration(by) * time.Millisecond
		}
	}
	return s
}

// TestHubSettlesBeforeAllIsQuiet: only what changes among the hub's servers once all is quiet gives them time to settle, and not that
// they were started: in a short run the first failover of all would never be judged.
func TestHubSettlesBeforeAllIsQuiet(t *testing.T) {
	tell := func(quiet, ready int) check.Result {
		s := lost(4100)
		process := func(at int, state history.ProcessState) {
			s.at(at, &history.Process{Node: "hub-0", Run: 1, State: state})
		}
		process(0, history.ProcessStarted)
		process(ready, history.ProcessReady)
		if quiet > 0 {
			s.at(quiet, &history.Phase{Phase: history.PhaseQuiet})
		}
		return check.FailoverBounded(history.New(s.records))
	}
	for name, test := range map[string]struct {
		got  check.Result
		want check.Verdict
	}{
		"it was there before":        {tell(900, 500), check.Violated},
		"it came only after":         {tell(400, 500), check.Held},
		"nobody says when it was so": {tell(0, 500), check.Held},
	} {
		if test.got.Verdict != test.want {
			t.Errorf("%s: got %s", name, report([]check.Result{test.got}))
		}
	}
}

// TestFailoverCountsServiceableTime: only time in which the device could be served counts, and a hub that came back
// has its time to settle.
func TestFailoverCountsServiceableTime(t *testing.T) {
	back := func() *history.Grant { return grant(30, 20, history.Peer{Gateway: "gw-1", Incarnation: "i2"}) }
	for name, test := range map[string]struct {
		story *story
		want  check.Verdict
	}{
		"in time":              {lost(3900), check.Held},
		"too late":             {lost(4100), check.Violated},
		"the hub was away":     {lost(13_000).fault("f2", history.FaultKill, 2000, 3000, []string{"hub-0"}, "hub-0"), check.Held},
		"and settled long ago": {lost(17_000).fault("f2", history.FaultKill, 2000, 3000, []string{"hub-0"}, "hub-0"), check.Violated},
		"the other was away":   {lost(9000).fault("f2", history.FaultPause, 1500, 6500, []string{"gw-2"}, "gw-2"), check.Held},
		// Who takes over has to watch for a lease: it begins anew when it was away itself (mayhem, seed 12, 60 s).
		"the other was away for a moment":   {lost(6000).fault("f2", history.FaultPause, 3000, 3500, []string{"gw-2"}, "gw-2"), check.Held},
		"and was late after that":           {lost(6600).fault("f2", history.FaultPause, 3000, 3500, []string{"gw-2"}, "gw-2"), check.Violated},
		"it was away when it was late long": {lost(5000).fault("f2", history.FaultPause, 4500, 4900, []string{"gw-2"}, "gw-2"), check.Violated},
		"the device was away":               {lost(9000).fault("f2", history.FaultPartition, 1500, 6500, []string{"d"}, "gw-2~d"), check.Held},
		"the hardware was":                  {lost(9000).fault("f2", history.FaultPartition, 1500, 6500, []string{"gw-2"}, "gw-2~truth"), check.Held},
		"another link was away":             {lost(9000).fault("f2", history.FaultPartition, 1500, 6500, []string{"e"}, "gw-2~e"), check.Violated},
		"never, and it was not too long": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).
				fault("f1", history.FaultKill, 1000, 3000, []string{"gw-1"}, "gw-1"), check.Unknown,
		},
		"never, for too long": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).
				fault("f1", history.FaultKill, 1000, 9000, []string{"gw-1"}, "gw-1"), check.Violated,
		},
		"the owner came through": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultPause, 1000, 3800, []string{"gw-1"}, "gw-1").at(3900, stored(10)).
				at(9000, &history.Phase{}), check.Held,
		},
		"the owner that came through has lost the bus": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultPause, 1000, 4000, []string{"gw-1"}, "gw-1").at(3900, grant(20, 10, gw2)).at(4100, stored(10)).
				at(9000, &history.Phase{}), check.Violated,
		},
		"nobody comes through a kill": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 4000, []string{"gw-1"}, "gw-1").at(4100, stored(10)).
				at(9000, &history.Phase{}), check.Violated,
		},
		"the next owner was lost, too": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 2000, []string{"gw-1"}, "gw-1").at(3400, grant(20, 10, gw2)).
				fault("f2", history.FaultKill, 4000, 9000, []string{"gw-2"}, "gw-2").
				at(6500, grant(30, 20, history.Peer{Gateway: "gw-1", Incarnation: "i2"})).at(7000, stored(30)), check.Held,
		},
		// A little less than a lease without renewals is enough, and what was lost by that has its time (mayhem, seed 19, 60 s).
		"the next owner was lost by less than a lease": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 2000, []string{"gw-1"}, "gw-1").at(3400, grant(20, 10, gw2)).
				fault("f2", history.FaultPause, 3500, 4700, []string{"gw-2"}, "gw-2").
				at(5600, grant(30, 20, history.Peer{Gateway: "gw-1", Incarnation: "i2"})).at(6400, stored(30)), check.Held,
		},
		// Whoever is held up by less than a lease keeps its bus, and nobody else may serve it (mayhem, seed 10, 60 s).
		"the next owner was held up by less than a lease": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 2000, []string{"gw-1"}, "gw-1").at(3400, grant(20, 10, gw2)).
				fault("f2", history.FaultPause, 3500, 5400, []string{"gw-2"}, "gw-2").at(6800, stored(20)), check.Held,
		},
		"the next owner was late by less than a lease": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 2000, []string{"gw-1"}, "gw-1").at(3400, grant(20, 10, gw2)).
				fault("f2", history.FaultPause, 3500, 5400, []string{"gw-2"}, "gw-2").at(7000, stored(20)), check.Violated,
		},
		// Who asked for the bus and was cut off before it was given it is an owner that was lost (mayhem, seed 19, 60 s).
		"the next owner was cut off as it became the owner": {
			becomesOwner(3501).at(5600, back()).at(6400, stored(30)), check.Held,
		},
		"and the one after it was late": {
			becomesOwner(3501).at(5600, back()).at(6600, stored(30)), check.Violated,
		},
		"the next owner had been silent for long": {
			becomesOwner(4100).at(5600, back()).at(6400, stored(30)), check.Violated,
		},
		"the next owner was cut off a while before it became the owner": {
			becomesOwner(3900).at(5600, back()).at(6800, stored(30)), check.Held,
		},
		"the owner came back at once, and served late": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 1200, []string{"gw-1"}, "gw-1").
				at(1400, grant(20, 10, history.Peer{Gateway: "gw-1", Incarnation: "i2"})).at(4100, stored(20)), check.Violated,
		},
		"the next owner was held up before it was the owner": {
			comesBack().fault("f2", history.FaultPause, 2600, 4400, []string{"gw-2"}, "gw-2").at(4000, grant(20, 10, gw2)).at(5600, stored(20)), check.Violated,
		},
		"the next owner was held up, and not the owner any more": {
			comesBack().at(3400, grant(20, 10, gw2)).fault("f2", history.FaultPause, 3500, 4400, []string{"gw-2"}, "gw-2").
				at(3600, back()).at(5500, stored(30)), check.Violated,
		},
		// A device that takes its time hides when it would have been served (mayhem, seed 20, 60 s).
		"the device was slow": {lost(4200).slow("f2", 300, 3600, 3700, "d"), check.Held},
		"it was slow twice at once": {
			lost(4350).slow("f2", 10, 3300, 3500, "d").slow("f3", 10, 3300, 3500, "d"), check.Violated,
		},
		"it was slow, and long before": {
			lost(4200).slow("f2", 1, 1, 2, "d").slow("f3", 10, 3600, 4000, "d"), check.Held,
		},
		"another device was slow":        {lost(4200).slow("f2", 300, 3600, 4000, "e"), check.Violated},
		"it was slow for less than that": {lost(4200).slow("f2", 50, 3300, 3400, "d"), check.Violated},
		"it was slow before":             {lost(4200).slow("f2", 300, 100, 600, "d"), check.Violated},
		"the next owner was lost far too late": {
			new(story).at(0, plan(history.Limits{}, true)).at(1, grant(10, 0, gw1)).at(2, stored(10)).
				fault("f1", history.FaultKill, 1000, 2000, []string{"gw-1"}, "gw-1").at(3400, grant(20, 10, gw2)).
				fault("f2", history.FaultKill, 9000, 12_000, []string{"gw-2"}, "gw-2").
				at(11_500, grant(30, 20, history.Peer{Gateway: "gw-1", Incarnation: "i2"})).at(12_000, stored(30)), check.Violated,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if r := check.FailoverBounded(history.New(test.story.records)); r.Verdict != test.want {
				t.Errorf("got %s, want %s:\n%s", r.Verdict, test.want, report([]check.Result{r}))
			}
		})
	}
}

// TestFailoverTimes: a fault that the next one overtook has no time of its own.
func TestFailoverTimes(t *testing.T) {
	if got := check.FailoverTimes(history.New(lost(4400).records)); len(got) != 1 || !slices.Equal(got[history.FaultKill], []time.Duration{3400 * time.Millisecond}) {
		t.Errorf("got %v", got)
	}
	overtaken := lost(9000).fault("f2", history.FaultKill, 4000, 9500, []string{"gw-2"}, "gw-2")
	if got := check.FailoverTimes(history.New(overtaken.records)); len(got) != 0 {
		t.Errorf("overtaken: got %v", got)
	}
}

package check_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestInFlight: with a bound, one action that was in the kernel may reach a device without a fence late, not two.
func TestInFlight(t *testing.T) {
	late := func(limit time.Duration, fenced bool, at ...int) check.Verdict {
		s := new(story).at(0, plan(history.Limits{InFlight: limit}, fenced))
		s.at(100, grant(10, 0, gw1)).at(200, action(10, gw1)).at(1000, grant(20, 10, gw2))
		for _, ms := range at {
			s.at(ms, action(10, gw1))
		}
		return check.OneDriver(history.New(s.records)).Verdict
	}
	for _, test := range []struct {
		got, want check.Verdict
		name      string
	}{
		{late(0, false), check.Held, "none is late"},
		{late(0, false, 1050), check.Violated, "one is, and none may be"},
		{late(100*time.Millisecond, false, 1050), check.Held, "one is, within the bound"},
		{late(100*time.Millisecond, false, 1150), check.Violated, "one is, beyond it"},
		{late(100*time.Millisecond, false, 1050, 1060), check.Violated, "two are"},
		{late(0, true, 1050, 1150), check.Held, "the fence decides"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, test.got, test.want)
		}
	}
}

// TestEpochOfNobody: whoever acts under an epoch that no grant has made it up.
func TestEpochOfNobody(t *testing.T) {
	s := new(story).at(0, plan(history.Limits{}, true)).at(100, grant(10, 0, gw1)).at(200, action(15, gw1))
	r := check.OneDriver(history.New(s.records))
	if r.Verdict != check.Violated || r.Violations[0].Clause != "C6b" {
		t.Errorf("got:\n%s", report([]check.Result{r}))
	}
}

// TestLeaseExcuses: an action that comes after the lease is excused by what held it up, and by nothing else.
func TestLeaseExcuses(t *testing.T) {
	late := func(waited time.Duration, kind history.FaultKind, down string, at ...int) check.Verdict {
		s := new(story).at(0, plan(history.Limits{}, true)).at(100, grant(10, 0, gw1))
		s.at(1000, &history.Lease{Peer: gw1, State: history.LeaseLive, Sequence: 5})
		s.fault("f1", kind, 2000, 6000, []string{"gw-1"}, down)
		for _, ms := range append(at, 5000)[:max(len(at), 1)] {
			a := action(10, gw1)
			a.Waited = waited
			s.at(ms, a)
		}
		return check.OneDriver(history.New(s.records)).Verdict
	}
	for _, test := range []struct {
		got, want check.Verdict
		name      string
	}{
		{late(0, history.FaultPartition, "gw-1~hub-0"), check.Violated, "cut off from the hub"},
		{late(2500*time.Millisecond, history.FaultPartition, "gw-1~hub-0"), check.Held, "it waited at the hardware"},
		{late(0, history.FaultPause, "gw-1"), check.Held, "stopped"},
		{late(0, history.FaultPause, "gw-1", 6050), check.Held, "stopped, with a frame in hand"},
		{late(0, history.FaultPause, "gw-1", 6050, 6060), check.Violated, "stopped, and then two"},
		{late(0, history.FaultPause, "gw-1", 6200), check.Violated, "stopped, and long gone on"},
		{late(0, history.FaultStall, "gw-1~d"), check.Held, "held up on the way to the device"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, test.got, test.want)
		}
	}
}

// TestUnseenRenewals: while the hub has no leader whom the harness could read, renewals replace each other unseen. What a
// gateway was seen to ask for counts if it is known that it was stored, and else nothing can be told (hub-leader, seed 1).
func TestUnseenRenewals(t *testing.T) {
	verdict := func(asked ...uint64) check.Result {
		s := new(story).at(0, plan(history.Limits{}, true)).at(100, grant(10, 0, gw1))
		s.at(1000, &history.Lease{Peer: gw1, State: history.LeaseLive, Sequence: 5})
		for i, previous := range asked {
			s.at(3000+i, &history.Lease{Peer: gw1, State: history.LeaseLive, Previous: previous, Asked: true})
		}
		s.at(4000, action(10, gw1))
		s.at(6000, &history.Lease{Peer: gw1, State: history.LeaseLive, Sequence: 30, Previous: 20})
		return check.OneDriver(history.New(s.records))
	}
	for _, test := range []struct {
		got  check.Result
		want check.Verdict
		name string
	}{
		{verdict(), check.Unknown, "nothing is known"},
		{verdict(5), check.Held, "it renewed, and something was stored after that"},
		{verdict(12), check.Held, "it renewed once more"},
		{verdict(20), check.Unknown, "it asked for what was stored later"},
		{verdict(25), check.Unknown, "it asked for what was never stored"},
	} {
		if test.got.Verdict != test.want {
			t.Errorf("%s: got %s, want %s:\n%s", test.name, test.got.Verdict, test.want, report([]check.Result{test.got}))
		}
	}
}

// TestUnseenRenewalsOfWhom: what was asked for counts once. It counts no more if the one that took its place was acknowledged, or if
// others had asked for that place, who may have got it; then nothing can be told.
func TestUnseenRenewalsOfWhom(t *testing.T) {
	asked := func(p history.Peer, state history.LeaseState) *history.Lease {
		return &history.Lease{Peer: p, State: state, Previous: 5, Asked: true}
	}
	next := history.Peer{Gateway: gw1.Gateway, Incarnation: "next"}
	acked := func(at int) func(*story) {
		return func(s *story) {
			l := member(gw1, history.LeaseLive, 20, 5)
			l.OnWay = true
			s.at(at, l)
		}
	}
	for _, test := range []struct {
		name string
		tell func(*story)
		want check.Verdict
	}{
		{"it alone", func(*story) {}, check.Held},
		{"it, twice", func(s *story) { s.at(3001, asked(gw1, history.LeaseLive)) }, check.Held},
		{"who ended it", func(s *story) { s.at(3001, asked(gw1, history.LeaseEvicted)) }, check.Unknown},
		{"who ended it, before", func(s *story) { s.at(2999, asked(gw1, history.LeaseEvicted)) }, check.Unknown},
		{"its next run", func(s *story) { s.at(3001, asked(next, history.LeaseLive)) }, check.Unknown},
		{"it, and it was acknowledged", acked(3010), check.Held},
		{"it, and an earlier one was acknowledged", acked(1500), check.Violated},
	} {
		for _, exclusive := range []bool{false, true} { // by actions, and by reads
			run := plan(history.Limits{}, true)
			run.Devices[0].Exclusive = exclusive
			s := new(story).at(0, run).at(100, grant(10, 0, gw1)).at(900, action(10, gw1)).at(1000, member(gw1, history.LeaseLive, 5, 0))
			s.at(3000, asked(gw1, history.LeaseLive))
			test.tell(s)
			if exclusive {
				s.at(4000, &history.Read{Device: "d", Peer: gw1, Done: true})
			} else {
				s.at(4000, action(10, gw1))
			}
			s.at(6000, member(gw1, history.LeaseLive, 30, 20))
			if r := check.OneDriver(history.New(s.records)); r.Verdict != test.want {
				t.Errorf("%s, read %v: got %s, want %s:\n%s", test.name, exclusive, r.Verdict, test.want, report([]check.Result{r}))
			}
		}
	}
}

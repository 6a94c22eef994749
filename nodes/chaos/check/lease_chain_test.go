package check_test

import (
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func member(p history.Peer, state history.LeaseState, sequence, previous uint64) *history.Lease {
	return &history.Lease{Peer: p, State: state, Sequence: sequence, Previous: previous}
}

// TestLeaseChain: records of a lease replace each other, a lease ends once, not before its time, and what it covered is free only
// then. What may have been missed accuses nobody.
func TestLeaseChain(t *testing.T) {
	next := history.Peer{Gateway: gw1.Gateway, Incarnation: "next"}
	for _, test := range []struct {
		name string
		tell func(*story)
		want string // clause; "": it holds
	}{
		{"renewed, and evicted in time", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(1500, member(gw1, history.LeaseLive, 12, 11)).at(3500, member(gw1, history.LeaseEvicted, 13, 12))
			s.at(3600, grant(20, 10, gw2)).at(4000, member(next, history.LeaseLive, 21, 13))
		}, ""},
		{"evicted while it lasts", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(2900, member(gw1, history.LeaseEvicted, 12, 11))
		}, "C6f"},
		{"evicted, and a renewal was missed", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(2900, member(gw1, history.LeaseEvicted, 13, 12))
		}, ""},
		{"evicted once more", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(3500, member(gw1, history.LeaseEvicted, 12, 11)).at(3600, member(gw1, history.LeaseEvicted, 13, 12))
		}, ""},
		{"renewed after that", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(3500, member(gw1, history.LeaseEvicted, 12, 11)).at(3600, member(gw1, history.LeaseLive, 13, 12))
		}, "C6a"},
		{"renewed after it left", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLeft, 11, 0)).at(1500, member(gw1, history.LeaseDraining, 12, 11))
		}, "C6a"},
		{"a record that asked for none", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(1500, member(gw1, history.LeaseLive, 12, 0))
		}, "C6a"},
		{"the same seen twice", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(1000, member(gw1, history.LeaseLive, 11, 0))
		}, ""},
		{"an owner that asked for none", func(s *story) { s.at(1000, grant(20, 0, gw2)) }, "C6a"},
		{"taken from the living", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(1100, grant(20, 10, gw2)).at(1500, member(gw1, history.LeaseLive, 21, 11))
		}, "C6f"},
		{"taken, and a record was missed", func(s *story) {
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(1100, grant(20, 10, gw2)).at(1500, member(gw1, history.LeaseLive, 21, 19))
		}, ""},
		{"taken from an earlier run", func(s *story) {
			s.at(1000, member(next, history.LeaseLive, 11, 0)).at(1100, grant(20, 10, gw2)).at(1500, member(next, history.LeaseLive, 21, 11))
		}, ""},
		{"handed over by the living", func(s *story) {
			given := grant(20, 10, gw2)
			given.HandedOverBy = gw1.Gateway
			s.at(1000, member(gw1, history.LeaseLive, 11, 0)).at(1100, given).at(1500, member(gw1, history.LeaseLive, 21, 11))
		}, ""},
	} {
		s := new(story).at(0, plan(history.Limits{}, true)).at(100, grant(10, 0, gw1)).at(200, action(10, gw1))
		test.tell(s)
		r := check.OneDriver(history.New(s.records))
		if held := r.Verdict == check.Held; held != (test.want == "") || !held && (len(r.Violations) != 1 || r.Violations[0].Clause != test.want) {
			t.Errorf("%s: not %q:\n%s", test.name, test.want, report([]check.Result{r}))
		}
	}
}

// TestExclusiveReads: a device with one session is not read after its gateway's lease, but for what was held up.
func TestExclusiveReads(t *testing.T) {
	read := func(exclusive bool, kind history.FaultKind, down string, at int, previous uint64) check.Verdict {
		run := plan(history.Limits{}, true)
		run.Devices[0].Exclusive = exclusive
		s := new(story).at(0, run).at(100, grant(10, 0, gw1)).at(900, action(10, gw1)).at(1000, member(gw1, history.LeaseLive, 11, 0))
		s.fault("f1", kind, 2000, 6000, []string{"gw-1"}, down)
		s.at(at, &history.Read{Device: "d", Peer: gw1, Done: true})
		s.at(7000, member(gw1, history.LeaseLive, 12, previous))
		return check.OneDriver(history.New(s.records)).Verdict
	}
	for _, test := range []struct {
		got, want check.Verdict
		name      string
	}{
		{read(true, history.FaultPartition, "gw-1~hub-0", 2900, 11), check.Held, "while it lasts"},
		{read(true, history.FaultPartition, "gw-1~hub-0", 3100, 11), check.Violated, "after it"},
		{read(true, history.FaultPartition, "gw-1~hub-0", 3100, 99), check.Unknown, "after it, and renewals were missed"},
		{read(false, history.FaultPartition, "gw-1~hub-0", 3100, 11), check.Held, "not exclusive"},
		{read(true, history.FaultPause, "gw-1", 6050, 11), check.Held, "stopped, and has just gone on"},
		{read(true, history.FaultPause, "gw-1", 6200, 11), check.Violated, "stopped, and long gone on"},
		{read(true, history.FaultStall, "gw-1~d", 5000, 11), check.Held, "held up on the way to the device"},
	} {
		if test.got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, test.got, test.want)
		}
	}
}

package check_test

import (
	"fmt"
	"testing"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// operations is a story of the register "k".
type operations struct{ story }

// op adds an operation from one millisecond to another.
func (s *operations) op(from, to int, what history.RegisterOperation, outcome history.RegisterOutcome, expect uint64, value string, revision uint64) *operations {
	s.at(to, &history.Register{
		Client: "client-1", Key: "k", Operation: what, Outcome: outcome, Called: boottime.Instant(from) * ms,
		Expect: expect, Value: value, Revision: revision, Blind: what == history.RegisterWrite && expect == 0,
	})
	return s
}

func (s *operations) read(from, to int, value string, revision uint64) *operations {
	return s.op(from, to, history.RegisterRead, history.RegisterDone, 0, value, revision)
}

func (s *operations) write(from, to int, outcome history.RegisterOutcome, expect uint64, value string, revision uint64) *operations {
	return s.op(from, to, history.RegisterWrite, outcome, expect, value, revision)
}

// stored adds what the hub's stream has.
func (s *operations) stored(at int, expect uint64, value string, revision uint64) *operations {
	s.at(at, &history.Register{
		Client: "client-1", Key: "k", Operation: history.RegisterWrite, Outcome: history.RegisterDone, Stored: true,
		Expect: expect, Value: value, Revision: revision,
	})
	return s
}

const done, refused, unsure = history.RegisterDone, history.RegisterRefused, history.RegisterUnsure

// TestRegisters: what a register of compare and set may do, and what not, and which writes in doubt are settled.
func TestRegisters(t *testing.T) {
	for name, c := range map[string]struct {
		story   func(*operations)
		verdict check.Verdict
		unsure  float64
	}{
		"a write of whatever was there": {func(s *operations) {
			s.write(10, 20, done, 0, "a", 1).write(30, 40, done, 0, "b", 2).read(50, 60, "b", 2)
		}, check.Held, 0},
		"one under a revision that was over": {func(s *operations) {
			s.write(10, 20, done, 0, "a", 5).write(30, 40, done, 0, "b", 3)
		}, check.Violated, 0},
		"nothing was ever written, and then it is": {func(s *operations) {
			s.read(0, 5, "-", 0).read(6, 20, "-", 0).write(10, 30, done, 0, "a", 1).write(25, 50, refused, 0, "b", 0).read(60, 70, "a", 1)
		}, check.Held, 0},
		"what was written is gone": {func(s *operations) {
			s.read(0, 5, "-", 0).write(10, 30, done, 0, "a", 1).read(60, 70, "-", 0)
		}, check.Violated, 0},
		"behind a doubt, a revision is replaced again": {func(s *operations) {
			s.read(0, 5, "a", 4).write(10, 20, done, 4, "b", 5).write(30, 40, unsure, 5, "x", 0).write(50, 60, done, 4, "c", 6)
		}, check.Violated, 1},
		"a write of whatever was there is lost": {func(s *operations) {
			s.write(10, 20, done, 1, "a", 2).write(30, 40, done, 2, "b", 3).read(50, 60, "a", 2)
		}, check.Violated, 0},
		"two writes replace one revision": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, done, 1, "b", 2).write(15, 40, done, 1, "c", 2)
		}, check.Violated, 0},
		"refused for nothing": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, refused, 1, "b", 0).read(30, 40, "a", 1)
		}, check.Violated, 0},
		"refused, and done": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, refused, 1, "b", 0).read(30, 40, "b", 2)
		}, check.Violated, 0},
		"in doubt, and seen": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, unsure, 1, "b", 0).read(30, 40, "b", 2)
		}, check.Held, 0},
		"in doubt, seen, and gone": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, unsure, 1, "b", 0).read(30, 40, "b", 2).read(50, 60, "a", 1)
		}, check.Violated, 0},
		"in doubt, and something else has replaced what it expects": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, unsure, 1, "b", 0).write(30, 40, done, 1, "c", 2)
		}, check.Held, 0},
		"in doubt for ever": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, unsure, 1, "b", 0).read(30, 40, "a", 1)
		}, check.Held, 1},
		"in doubt, and the stream has it": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, unsure, 1, "b", 0).stored(15, 1, "b", 2).write(200, 210, done, 2, "c", 3).stored(205, 2, "c", 3)
		}, check.Held, 0},
		"in doubt, the stream has it, and another one replaced the same": {func(s *operations) {
			s.read(0, 5, "a", 1).write(10, 20, unsure, 1, "b", 0).stored(15, 1, "b", 2).write(200, 210, done, 1, "c", 3)
		}, check.Violated, 0},
		"in doubt, and the stream has all but it": {func(s *operations) {
			s.stored(1, 0, "a", 1).write(10, 20, unsure, 0, "b", 0).write(30, 40, done, 1, "c", 2).stored(35, 1, "c", 2)
		}, check.Held, 0},
		"in doubt, and the stream has a gap": {func(s *operations) {
			s.stored(1, 0, "a", 1).write(10, 20, unsure, 0, "b", 0).write(30, 40, done, 2, "c", 3).stored(35, 2, "c", 3)
		}, check.Held, 1},
		"in doubt, and the stream does not have the last": {func(s *operations) {
			s.stored(1, 0, "a", 1).write(10, 20, unsure, 0, "b", 0).write(30, 40, done, 1, "c", 2)
		}, check.Held, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := &operations{}
			s.at(0, plan(history.Limits{}, true))
			c.story(s)
			r := check.Linearizable(history.New(s.records))
			if r.Verdict != c.verdict || r.Metrics["unsure writes"] != c.unsure || r.Examined == 0 {
				t.Errorf("got %s, %v in doubt; want %s, %v", report([]check.Result{r}), r.Metrics["unsure writes"], c.verdict, c.unsure)
			}
		})
	}
}

// TestWhatTheStreamHasIsNoOperation: a register that no client used is not one of those that are judged and drawn.
func TestWhatTheStreamHasIsNoOperation(t *testing.T) {
	s := &operations{}
	h := history.New(s.stored(1, 0, "a", 1).stored(2, 1, "b", 2).records)
	if keys, r := check.Registers(h), check.Linearizable(h); len(keys) != 0 || r.Examined != 0 {
		t.Errorf("registers %v, %d examined", keys, r.Examined)
	}
}

// TestLeaseChains: compare and set of a lease replaces the last record, and a record that was not seen accuses nobody.
func TestLeaseChains(t *testing.T) {
	for _, c := range []struct {
		previous []uint64 // of records at 10, 20, 30 and so on
		verdict  check.Verdict
		missed   float64
	}{
		{[]uint64{0, 10, 20, 30}, check.Held, 0},
		{[]uint64{5, 10, 20, 30}, check.Held, 0},
		{[]uint64{0, 10, 15, 30}, check.Violated, 0},
		{[]uint64{0, 10, 25, 30}, check.Held, 1},
		{[]uint64{0, 10, 10, 30}, check.Violated, 0},
	} {
		s := &operations{}
		s.at(0, plan(history.Limits{}, true))
		for i, previous := range c.previous {
			s.at(i+1, &history.Lease{Peer: gw1, State: history.LeaseLive, Sequence: uint64(10 * (i + 1)), Previous: previous})
		}
		r := check.Linearizable(history.New(s.records))
		if r.Verdict != c.verdict || r.Metrics["lease records missed, at least"] != c.missed {
			t.Errorf("%v: got %s, %v missed", c.previous, report([]check.Result{r}), r.Metrics["lease records missed, at least"])
		}
		if r.Verdict == check.Violated && r.Violations[0].Subject != fmt.Sprintf("%sgw-1", check.LeaseRegister) {
			t.Errorf("it names %s", r.Violations[0].Subject)
		}
	}
}

package lease_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	live     = roostv1.MemberState_MEMBER_STATE_LIVE
	draining = roostv1.MemberState_MEMBER_STATE_DRAINING
	left     = roostv1.MemberState_MEMBER_STATE_LEFT
	evictedS = roostv1.MemberState_MEMBER_STATE_EVICTED

	pace     = lease.DefaultLease / 6
	interval = lease.DefaultLease / 4
	begin    = boottime.Instant(time.Hour)
)

// at is a moment of a test.
func at(d time.Duration) boottime.Instant { return begin.Add(d) }

func record(sequence uint64, incarnation string, renewal uint64, state roostv1.MemberState) lease.Record {
	return lease.Record{Sequence: sequence, Incarnation: incarnation, Renewal: renewal, State: state, Lease: lease.DefaultLease}
}

func newHolder(t *testing.T, ended ...string) *lease.Holder {
	t.Helper()
	h, err := lease.NewHolder(lease.Terms{}, "me", ended...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// joined returns a holder whose first write was ordered at 0 and got sequence 10, and that write.
func joined(t *testing.T) (*lease.Holder, lease.Write) {
	t.Helper()
	h := newHolder(t)
	first := wrote(t, h.Saw(at(0), lease.Record{}), 0)
	expect(t, h.Acked(at(0), first, 10), lease.Step{Change: lease.Granted})
	return h, first
}

// expect compares a step with what it should be, except for the time of its write.
func expect(t *testing.T, got, want lease.Step) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(lease.Write{})); diff != "" {
		t.Fatalf("the step is not what it should be (-want +got):\n%s", diff)
	}
}

// wrote returns the write that a step asks for, which must expect that sequence.
func wrote(t *testing.T, s lease.Step, sequence uint64) lease.Write {
	t.Helper()
	if s.Action != lease.WriteRecord || s.Write.Expect != sequence {
		t.Fatalf("the step is %+v, want a write in place of %d", s, sequence)
	}
	return s.Write
}

func fenceIs(t *testing.T, h *lease.Holder, want boottime.Instant) {
	t.Helper()
	if got := h.Fence(); got != want {
		t.Fatalf("fence at %v, want %v", got, want)
	}
	if want > 0 && (h.MayAct(want) || !h.MayAct(want-1)) {
		t.Fatalf("the fence at %v is not where the right to act ends", want)
	}
}

func TestHolderJoins(t *testing.T) {
	h := newHolder(t)
	if at, ok := h.Next(); at > begin || !ok {
		t.Errorf("the first tick is due at %v, %v", at, ok)
	}
	expect(t, h.Tick(at(0)), lease.Step{Action: lease.ReadRecord})
	expect(t, h.Tick(at(1)), lease.Step{})
	expect(t, h.Tick(at(interval)), lease.Step{Action: lease.ReadRecord}) // the read got no answer

	step := h.Saw(at(interval), lease.Record{})
	expect(t, step, lease.Step{Action: lease.WriteRecord, Write: lease.Write{Renewal: 1, Expect: 0, State: live}})
	if h.MayAct(at(interval)) {
		t.Error("may act before anything was accepted")
	}
	// However late the answer is, what counts is when the write was ordered.
	expect(t, h.Acked(at(interval+time.Second), step.Write, 7), lease.Step{
		Change: lease.Granted, Action: lease.WriteRecord, Write: lease.Write{Renewal: 2, Expect: 7, State: live},
	})
	fenceIs(t, h, at(interval+lease.DefaultLease))
}

func TestHolderRenews(t *testing.T) {
	h, _ := joined(t)
	sequence := uint64(10)
	for i := range 20 {
		now := time.Duration(i+1) * pace
		if next, ok := h.Next(); next != at(now) || !ok {
			t.Fatalf("renewal is due at %v, %v, want %v", next, ok, at(now))
		}
		expect(t, h.Tick(at(now-1)), lease.Step{})
		w := wrote(t, h.Tick(at(now)), sequence)
		sequence += 3
		expect(t, h.Acked(at(now+time.Millisecond), w, sequence), lease.Step{})
		fenceIs(t, h, at(now+lease.DefaultLease))
		if ordered, ok := h.Sent(w.Renewal); ordered != at(now) || !ok {
			t.Fatalf("renewal %d was ordered at %v, %v", w.Renewal, ordered, ok)
		}
	}
}

// A hub that answers more slowly than renewals follow each other is asked as it answers, and no faster.
func TestHolderRenewsAsTheHubAnswers(t *testing.T) {
	h, _ := joined(t)
	w := wrote(t, h.Tick(at(pace)), 10)
	sequence, now := uint64(10), pace
	for range 20 {
		if next, ok := h.Next(); next != at(now+interval) || !ok {
			t.Fatalf("without an answer it is asked again at %v, %v, want %v", next, ok, at(now+interval))
		}
		now += interval - time.Millisecond
		sequence++
		w = wrote(t, h.Acked(at(now), w, sequence), sequence)
		expect(t, h.Tick(at(now)), lease.Step{})
	}
}

// A late accepted renewal ends a suspension, and one that was accepted too late does not.
func TestHolderSuspends(t *testing.T) {
	h, _ := joined(t)
	var writes []lease.Write
	for i := range 4 {
		now := time.Duration(i+1) * interval
		step := h.Tick(at(now))
		writes = append(writes, wrote(t, step, 10)) // asks again with the same expectation
		if want := map[bool]lease.Change{true: lease.Suspended}[i == 3]; step.Change != want {
			t.Fatalf("at %v: %v, want %v", now, step.Change, want)
		}
	}
	fenceIs(t, h, at(lease.DefaultLease))

	// A minute later it turns out that the first of them had landed: that does not help any more, but
	// another one is made at once.
	step := h.Acked(at(time.Minute), writes[0], 11)
	late := wrote(t, step, 11)
	if step.Change != lease.Unchanged || h.Late() != 1 || h.MayAct(at(time.Minute)) {
		t.Fatalf("%v, late %d", step.Change, h.Late())
	}
	expect(t, h.Refused(at(time.Minute), writes[1], lease.Mismatch), lease.Step{})
	expect(t, h.Acked(at(time.Minute+1), late, 12), lease.Step{Change: lease.Resumed})
	fenceIs(t, h, at(time.Minute+lease.DefaultLease))
	if h.Late() != 0 {
		t.Errorf("late %d after a renewal in time", h.Late())
	}
}

// The end of the right to act is a moment of its own, also if a renewal was ordered late.
func TestHolderIsTickedAtTheFence(t *testing.T) {
	h, _ := joined(t)
	wrote(t, h.Tick(at(4*interval-1)), 10)
	if next, ok := h.Next(); next != at(lease.DefaultLease) || !ok {
		t.Errorf("next tick at %v, %v, want at the fence", next, ok)
	}
	expect(t, h.Tick(at(lease.DefaultLease)), lease.Step{Change: lease.Suspended})
	if next, ok := h.Next(); next != at(5*interval-1) || !ok {
		t.Errorf("next tick at %v, %v, want for the next renewal", next, ok)
	}
}

func TestHolderForgetsOldSends(t *testing.T) {
	h, first := joined(t)
	for i := range 100 {
		h.Tick(at(time.Duration(i+1) * interval))
	}
	for _, n := range []uint64{0, first.Renewal, 102, 1 << 63} {
		if ordered, ok := h.Sent(n); ok {
			t.Errorf("number %d was ordered at %v", n, ordered)
		}
	}
	if ordered, ok := h.Sent(101); ordered != at(100*interval) || !ok {
		t.Errorf("number 101 was ordered at %v, %v", ordered, ok)
	}
}

// The answer of a write that landed was lost: the next one is refused, and a read tells whose record
// it is.
func TestHolderReadsBack(t *testing.T) {
	refused := func(t *testing.T) *lease.Holder {
		h, _ := joined(t)
		wrote(t, h.Tick(at(interval)), 10) // number 2: lands, no answer
		w := wrote(t, h.Tick(at(2*interval)), 10)
		expect(t, h.Refused(at(2*interval+1), w, lease.Mismatch), lease.Step{Action: lease.ReadRecord})
		return h
	}
	now := at(2*interval + 2)

	t.Run("it is one's own", func(t *testing.T) {
		h := refused(t)
		wrote(t, h.Saw(now, record(20, "me", 2, live)), 20) // it is an interval old
		fenceIs(t, h, at(interval+lease.DefaultLease))
	})
	t.Run("it is another's", func(t *testing.T) {
		h := refused(t)
		expect(t, h.Saw(now, record(20, "other", 2, live)), lease.Step{Change: lease.Lost})
		fenceIs(t, h, 0)
	})
	t.Run("it is an eviction, which names the evicted", func(t *testing.T) {
		h := refused(t)
		expect(t, h.Saw(now, record(20, "me", 0, evictedS)), lease.Step{Change: lease.Lost})
		fenceIs(t, h, 0)
	})
	t.Run("the read is out of date", func(t *testing.T) {
		h := refused(t)
		expect(t, h.Saw(now, record(10, "me", 1, live)), lease.Step{})
		if next, _ := h.Next(); next != at(2*interval+interval/4) {
			t.Errorf("the question is asked again at %v", next)
		}
		fenceIs(t, h, at(lease.DefaultLease))
	})
	t.Run("the read is far out of date", func(t *testing.T) {
		h := refused(t)
		expect(t, h.Saw(now, record(3, "predecessor", 9, evictedS)), lease.Step{})
		fenceIs(t, h, at(lease.DefaultLease))
	})
	t.Run("its order is forgotten", func(t *testing.T) {
		h := refused(t)
		expect(t, h.Saw(now, record(20, "me", 99, live)), lease.Step{})
		fenceIs(t, h, at(lease.DefaultLease)) // where it was
	})
}

// Another write is on its way: that is no loss, and the next one is tried soon, but not at once.
func TestHolderMeetsAWriteInFlight(t *testing.T) {
	h, _ := joined(t)
	w := wrote(t, h.Tick(at(interval)), 10)
	expect(t, h.Refused(at(interval+1), w, lease.InFlight), lease.Step{})
	soon := interval + interval/4
	expect(t, h.Tick(at(soon-1)), lease.Step{})
	wrote(t, h.Tick(at(soon)), 10)
	fenceIs(t, h, at(lease.DefaultLease))
}

// An own record that comes with the picture is as good as its acknowledgement.
func TestHolderSeesItsRecord(t *testing.T) {
	h, _ := joined(t)
	w := wrote(t, h.Tick(at(interval)), 10)
	expect(t, h.Saw(at(interval+1), record(11, "me", w.Renewal, live)), lease.Step{})
	fenceIs(t, h, at(interval+lease.DefaultLease))
	expect(t, h.Acked(at(interval+2), w, 11), lease.Step{})
	expect(t, h.Saw(at(interval+3), record(10, "me", 1, live)), lease.Step{}) // comes again
	fenceIs(t, h, at(interval+lease.DefaultLease))
}

func TestHolderIsBlocked(t *testing.T) {
	blocked := func(t *testing.T, ended ...string) *lease.Holder {
		h := newHolder(t, ended...)
		other := record(5, "other", 3, live)
		expect(t, h.Saw(at(0), other), lease.Step{Change: lease.Blocked})
		if got := h.Blocker(); got != other {
			t.Fatalf("blocked by %+v, want %+v", got, other)
		}
		return h
	}
	t.Run("while the other renews", func(t *testing.T) {
		h := blocked(t)
		expect(t, h.Saw(at(1), record(6, "other", 4, draining)), lease.Step{})
		expect(t, h.Saw(at(2), record(5, "other", 3, live)), lease.Step{}) // comes again
		if got := h.Blocker().Sequence; got != 6 {
			t.Errorf("blocked by record %d, want 6", got)
		}
		expect(t, h.Tick(at(interval)), lease.Step{Action: lease.ReadRecord})
	})
	for _, state := range []roostv1.MemberState{left, evictedS} {
		t.Run("until it is "+state.String(), func(t *testing.T) {
			h := blocked(t)
			w := wrote(t, h.Saw(at(1), record(8, "other", 4, state)), 8)
			if h.Blocker().Sequence != 0 {
				t.Error("still blocked")
			}
			expect(t, h.Acked(at(2), w, 9), lease.Step{Change: lease.Granted})
		})
	}
	t.Run("by a record of no known state", func(t *testing.T) {
		expect(t, newHolder(t).Saw(at(0), record(5, "", 0, 99)), lease.Step{Change: lease.Blocked})
	})
	t.Run("not by one that is known to have ended", func(t *testing.T) {
		h := newHolder(t, "before", "other")
		wrote(t, h.Saw(at(0), record(5, "other", 3, live)), 5)
	})
	t.Run("and leaves", func(t *testing.T) {
		expect(t, blocked(t).Leave(at(1)), lease.Step{Change: lease.Departed})
	})
}

// Two gateways try to join with one name. The one whose write is refused does not try again as the same
// incarnation: it cannot know whether its own write had landed for a moment.
func TestHolderLosesTheRaceToJoin(t *testing.T) {
	h := newHolder(t)
	w := wrote(t, h.Saw(at(0), record(5, "before", 3, left)), 5)
	expect(t, h.Refused(at(1), w, lease.Mismatch), lease.Step{Action: lease.ReadRecord})
	expect(t, h.Saw(at(2), record(7, "other", 0, evictedS)), lease.Step{Change: lease.Lost})
}

func TestHolderDrainsAndLeaves(t *testing.T) {
	h, _ := joined(t)
	w := wrote(t, h.Drain(at(1)), 10)
	if w.State != draining {
		t.Fatalf("the record says %v", w.State)
	}
	expect(t, h.Drain(at(2)), lease.Step{})
	expect(t, h.Acked(at(2), w, 11), lease.Step{})
	w = wrote(t, h.Tick(at(1+interval)), 11)
	if w.State != draining {
		t.Fatalf("the next record says %v", w.State)
	}

	gone := wrote(t, h.Leave(at(2+interval)), 11)
	fenceIs(t, h, 0)
	if gone.State != left {
		t.Fatalf("the last record says %v", gone.State)
	}
	// The renewal before it landed first, so it is asked for again, in place of that.
	expect(t, h.Acked(at(3+interval), w, 12), lease.Step{})
	fenceIs(t, h, 0)
	gone = wrote(t, h.Tick(at(2+interval+interval/4)), 12)
	expect(t, h.Acked(at(2*interval), gone, 13), lease.Step{Change: lease.Departed})
}

// A holder that has ended asks for nothing, whatever it is told.
func TestHolderEnds(t *testing.T) {
	lost, w := joined(t)
	expect(t, lost.Saw(at(1), record(11, "other", 1, live)), lease.Step{Change: lease.Lost})
	gone := newHolder(t)
	expect(t, gone.Leave(at(0)), lease.Step{Change: lease.Departed})
	for _, h := range []*lease.Holder{lost, gone} {
		for _, step := range []lease.Step{
			h.Tick(at(time.Hour)), h.Acked(at(2), w, 99), h.Refused(at(2), w, lease.Mismatch), h.Refused(at(2), w, lease.InFlight),
			h.Saw(at(2), record(99, "me", 1, live)), h.Saw(at(2), lease.Record{}), h.Drain(at(2)), h.Leave(at(2)),
		} {
			expect(t, step, lease.Step{})
		}
		if _, ok := h.Next(); ok || h.MayAct(at(0)) {
			t.Error("it wants to be ticked, or may act")
		}
	}
}

func TestHolderRefusesBadArguments(t *testing.T) {
	if _, err := lease.NewHolder(lease.Terms{}, ""); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("no incarnation: %v", err)
	}
	bad := lease.Terms{Lease: time.Millisecond}
	for name, err := range map[string]error{
		"holder":  func() error { _, err := lease.NewHolder(bad, "me"); return err }(),
		"evictor": func() error { _, err := lease.NewEvictor(bad); return err }(),
		"sight":   func() error { _, err := lease.NewSight(bad); return err }(),
	} {
		if !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%s of a lease of 1 ms: %v", name, err)
		}
	}
}

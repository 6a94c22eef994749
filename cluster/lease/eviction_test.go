package lease_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/cluster/lease"
)

const (
	margin   = lease.DefaultLease / 4
	patience = lease.DefaultLease + margin
	way      = 5 * time.Millisecond // of an own renewal until it comes back with the picture
)

func newEvictor(t *testing.T) *lease.Evictor {
	t.Helper()
	e, err := lease.NewEvictor(lease.Terms{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// renewed tells of own renewals that were ordered at these moments.
func renewed(e *lease.Evictor, ordered ...time.Duration) {
	for _, o := range ordered {
		e.Renewed(at(o+way), at(o))
	}
}

// every returns the moments from first to last, an interval apart.
func every(first, last time.Duration) (moments []time.Duration) {
	for d := first; d <= last; d += interval {
		moments = append(moments, d)
	}
	return moments
}

func TestEvictorJudges(t *testing.T) {
	const (
		first = 100 * time.Millisecond
		last  = first + lease.DefaultLease
	)
	for _, test := range []struct {
		name    string
		record  lease.Record
		renewed []time.Duration // the record came at 0
		now     time.Duration
		want    lease.Verdict
	}{
		{"silent, and the hub was there", record(7, "x", 1, live), every(first, last), patience, lease.Silent},
		{"draining is no other", record(7, "x", 1, draining), every(first, last), patience, lease.Silent},
		{"nor is an unknown state", record(7, "x", 1, 77), every(first, last), patience, lease.Silent},
		{"a moment too early", record(7, "x", 1, live), every(first, last), patience - 1, lease.Renewed},
		{"it has left", record(7, "x", 1, left), every(first, last), patience, lease.Absent},
		{"it was evicted", record(7, "x", 1, evictedS), every(first, last), patience, lease.Absent},
		{"no own renewals", record(7, "x", 1, live), nil, time.Hour, lease.Unproven},
		{"own renewals from before", record(7, "x", 1, live), every(first-lease.DefaultLease, 0), patience, lease.Unproven},
		{"two own renewals", record(7, "x", 1, live), []time.Duration{patience - interval, patience}, patience, lease.Unproven},
		{"not over a whole lease", record(7, "x", 1, live), every(first+interval, last), patience, lease.Unproven},
		{"the last one is old", record(7, "x", 1, live), every(first, last), last + 2*interval + 1, lease.Unproven},
		{"the last one is not too old", record(7, "x", 1, live), every(first, last), last + 2*interval, lease.Silent},
		{"the hub was away in between", record(7, "x", 1, live),
			append(every(first, first+interval), every(time.Minute, time.Minute+interval)...), time.Minute + interval, lease.Unproven},
		{"and came back", record(7, "x", 1, live),
			append(every(first, first+interval), every(time.Minute, time.Minute+lease.DefaultLease)...), time.Minute + lease.DefaultLease, lease.Silent},
		{"a longer lease", lease.Record{Sequence: 7, State: live, Lease: 10 * time.Second}, every(first, 12499*time.Millisecond), 12499 * time.Millisecond, lease.Renewed},
		{"a longer lease is over", lease.Record{Sequence: 7, State: live, Lease: 10 * time.Second}, every(first, 12500*time.Millisecond), 12500 * time.Millisecond, lease.Silent},
		{"a shorter lease gives it no less", lease.Record{Sequence: 7, State: live, Lease: -time.Hour}, every(first, last), patience - 1, lease.Renewed},
		{"a lease that nobody has", lease.Record{Sequence: 7, State: live, Lease: 1 << 62}, every(first, 13*time.Minute), 13 * time.Minute, lease.Silent},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEvictor(t)
			var before []time.Duration
			for _, o := range test.renewed {
				if o <= 0 {
					before = append(before, o)
				}
			}
			renewed(e, before...)
			e.Saw(at(0), "x", test.record)
			renewed(e, test.renewed[len(before):]...)
			if got := e.Judge(at(test.now), "x"); got != test.want {
				t.Errorf("verdict %d, want %d", got, test.want)
			}
		})
	}
}

// One renewal that was on its way while the hub was away does not count for all of that time.
func TestEvictorDoubtsALongWay(t *testing.T) {
	e := newEvictor(t)
	e.Saw(at(0), "x", record(7, "x", 1, live))
	e.Renewed(at(time.Minute), at(time.Second)) // ordered before the hub went away, accepted when it was back
	renewed(e, time.Minute, time.Minute+interval)
	if got := e.Judge(at(time.Minute+interval), "x"); got != lease.Unproven {
		t.Errorf("verdict %d, want unproven", got)
	}
}

func TestEvictorDoubtsASlowWay(t *testing.T) {
	e := newEvictor(t)
	e.Saw(at(0), "x", record(7, "x", 1, live))
	const slow = 50 * time.Millisecond
	e.Renewed(at(slow+2*interval-way), at(slow)) // half a lease
	renewed(e, every(slow+2*interval-way, slow+lease.DefaultLease)...)
	renewed(e, slow+lease.DefaultLease)
	now := at(slow + lease.DefaultLease + margin)
	if got := e.Judge(now, "x"); got != lease.Unproven {
		t.Errorf("verdict %d, want unproven", got)
	}
	renewed(e, slow+lease.DefaultLease+interval)
	if got := e.Judge(now, "x"); got != lease.Silent {
		t.Errorf("verdict %d, want silent", got)
	}
}

// A renewal that was ordered before the record came may have been accepted before it, too.
func TestEvictorCountsFromTheRecord(t *testing.T) {
	e := newEvictor(t)
	e.Saw(at(way-1), "x", record(7, "x", 1, live))
	renewed(e, every(0, lease.DefaultLease)...)
	if got := e.Judge(at(patience+way), "x"); got != lease.Unproven {
		t.Errorf("verdict %d, want unproven", got)
	}
	renewed(e, lease.DefaultLease+interval)
	if got := e.Judge(at(patience+way), "x"); got != lease.Silent {
		t.Errorf("verdict %d, want silent", got)
	}
	renewed(e, 0, interval) // they come again, with a listing
	if got := e.Judge(at(patience+way), "x"); got != lease.Silent {
		t.Errorf("verdict %d after a listing, want silent", got)
	}
}

func TestEvictorTries(t *testing.T) {
	e := newEvictor(t)
	for id, sequence := range map[string]uint64{"y": 8, "x": 7, "z": 9} {
		e.Saw(at(0), id, record(sequence, id+"#1", 1, live))
	}
	renewed(e, every(1, patience-interval)...)
	e.Saw(at(patience-interval), "z", record(20, "z#1", 2, live)) // alive
	e.Saw(at(patience-interval), "x", record(7, "x#1", 1, live))  // the same record, listed anew
	if due := e.Due(at(patience - 1)); due != nil {
		t.Errorf("too early: %v", due)
	}
	if next, ok := e.Next(at(patience - 1)); next != at(patience) || !ok {
		t.Errorf("next at %v, %v, want %v", next, ok, at(patience))
	}
	renewed(e, patience-way-1)
	want := []lease.Eviction{{Gateway: "x", Incarnation: "x#1", Expect: 7}, {Gateway: "y", Incarnation: "y#1", Expect: 8}}
	if diff := cmp.Diff(want, e.Due(at(patience))); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
	if due := e.Due(at(patience + interval - 1)); due != nil {
		t.Errorf("tried again at once: %v", due)
	}
	if next, ok := e.Next(at(patience)); next != at(patience+interval) || !ok {
		t.Errorf("next at %v, %v, want %v", next, ok, at(patience+interval))
	}
	e.Saw(at(patience+1), "x", record(21, "x#1", 0, evictedS))
	renewed(e, patience+interval-way)
	if diff := cmp.Diff(want[1:], e.Due(at(patience+interval))); diff != "" {
		t.Errorf("due (-want +got):\n%s", diff)
	}
}

func TestEvictorKnowsNobody(t *testing.T) {
	e := newEvictor(t)
	renewed(e, every(0, patience)...)
	if got := e.Judge(at(patience), "x"); got != lease.Absent {
		t.Errorf("verdict %d of a stranger", got)
	}
	if next, ok := e.Next(at(0)); ok {
		t.Errorf("next at %v", next)
	}
	e.Saw(at(0), "x", lease.Record{})
	if due := e.Due(at(time.Hour)); due != nil {
		t.Errorf("due: %v", due)
	}
}

func TestEvictorSettles(t *testing.T) {
	e := newEvictor(t)
	e.Saw(at(0), "x", record(7, "x#1", 0, evictedS))
	e.Saw(at(0), "y", record(8, "y#1", 1, live))
	if got, ok := e.Settle(at(1), "y"); ok {
		t.Errorf("the end of a live gateway is written: %v", got)
	}
	got, ok := e.Settle(at(1), "x")
	if want := (lease.Eviction{Gateway: "x", Incarnation: "x#1", Expect: 7}); got != want || !ok {
		t.Errorf("settle: %v, %v, want %v", got, ok, want)
	}
	if got, ok := e.Settle(at(2), "x"); ok {
		t.Errorf("once more at once: %v", got)
	}
	if got, ok := e.Settle(at(2), "stranger"); !ok || got.Expect != 0 {
		t.Errorf("settle a gateway without a record: %v, %v", got, ok)
	}
}

package lease_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/lease"
)

// A gateway that the hub hears, and that does not hear the hub, renews once more without knowing: its peers have to wait
// from then on. When renewals were half a second apart, devices were served again 3.11 s after such a fault, where
// the lease and one second were promised (roost chaos, half-open, seeds 11 and 13).
func TestHalfOpenEvictsInTime(t *testing.T) {
	const goal = lease.DefaultLease + time.Second - 150*time.Millisecond // what is left is for claims, sessions and first reads
	for deaf := 10 * time.Millisecond; deaf < lease.DefaultLease; deaf += 7 * time.Millisecond {
		if took := evictedAfter(t, deaf) - deaf; took > goal {
			t.Fatalf("a gateway that hears nothing from %v on is evicted %v later, want %v at most", deaf, took, goal)
		}
	}
}

// evictedAfter returns when a peer evicts a gateway that gets no answers from deaf on, though its writes land.
func evictedAfter(t *testing.T, deaf time.Duration) time.Duration {
	t.Helper()
	x, first := joined(t)
	peer, _ := joined(t)
	e := newEvictor(t)
	stored, own := uint64(10), uint64(10) // the last records of both
	e.Saw(at(0), "x", record(stored, "me", first.Renewal, live))
	for now := time.Duration(0); now < time.Minute; now += time.Millisecond {
		if step := x.Tick(at(now)); step.Action == lease.WriteRecord && step.Write.Expect == stored {
			stored++
			e.Saw(at(now), "x", record(stored, "me", step.Write.Renewal, live))
			if now < deaf {
				x.Acked(at(now), step.Write, stored)
			}
		}
		if step := peer.Tick(at(now)); step.Action == lease.WriteRecord {
			own++
			peer.Acked(at(now), step.Write, own)
			e.Renewed(at(now), at(now))
		}
		if len(e.Due(at(now))) > 0 {
			return now
		}
	}
	t.Fatalf("a gateway that hears nothing from %v on is never evicted", deaf)
	return 0
}

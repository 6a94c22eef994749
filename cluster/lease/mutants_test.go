package lease_test

import (
	"testing"
	"time"
)

// bound is in how many worlds a broken rule must show.
const bound = 5000

// TestMutants breaks one rule at a time. The world must notice, each time by the law that the rule is for:
// a law that nothing breaks says nothing.
func TestMutants(t *testing.T) {
	mutants := []struct {
		name  string
		rules rules
		add   []fault // to the plan
	}{
		{"no margin", rules{law: exclusive, noMargin: true}, nil},
		{"no compare-and-set", rules{law: exclusive, noCAS: true}, nil},
		{"no fence of one's own", rules{law: exclusive, noFence: true}, nil},
		{"the fence counts from the acknowledgement", rules{law: exclusive, ackCounts: true}, nil},
		{"a read extends the fence", rules{law: exclusive, readExtends: true}, nil},
		{"a clock that stops with the machine", rules{law: exclusive, clockStops: true}, nil},
		{"buses are taken before the eviction succeeded", rules{law: exclusive, claimEarly: true}, nil},
		{"a bus is released by deleting its record", rules{law: exclusive, deletes: true}, nil},
		{"a bus is given away before it is put down", rules{law: exclusive, givesFirst: true}, nil},
		{"a gateway owns by its name", rules{law: exclusive, ownsByName: true}, nil},
		{"an incarnation comes back after a loss", rules{law: exclusive, sameIncarnation: true}, nil},
		{"an earlier process is taken for dead without the lock", rules{law: exclusive, noLock: true}, nil},
		{"a record says something about later ownership", rules{law: exclusive, ageIgnored: true}, nil},
		{"eviction without own renewals", rules{law: fair, noWitness: true}, nil},
		{"eviction by an old picture", rules{law: fair, witnessAcks: true}, nil},
		{"eviction by renewals with a gap", rules{law: fair, gapIgnored: true}, nil},
		{"busy is taken for lost", rules{law: fair, busyIsLost: true}, nil},
		{"a mismatch is taken for lost", rules{law: fair, mismatchIsLost: true}, nil},
		{"a suspended gateway gives up", rules{law: resumed, resigns: true}, nil},
		{"nobody evicts", rules{law: evicted, nobodyEvicts: true}, nil},
		{"what is unsettled stays so", rules{law: settled, nobodySettles: true}, lateGift},
		{"a blind consumer is not replaced", rules{law: settled, nobodyLooks: true}, nil},
	}
	drawn := plans()
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := range bound {
				p := drawn.Example(seed)
				p.Faults = append(p.Faults, m.add...)
				if v := newWorld(p, m.rules).run(); v != nil {
					t.Logf("seed %d: %v", seed, v)
					return
				}
			}
			t.Errorf("not found in %d worlds", bound)
		})
	}
}

// lateGift hands a bus to a gateway that has died, so slowly that it is evicted before.
var lateGift = []fault{
	{Kind: "die", Host: 1, At: 5300 * time.Millisecond},
	{Kind: "lag", Host: 2, At: 6900 * time.Millisecond, For: 4 * time.Second},
	{Kind: "lag", Host: 3, At: 6900 * time.Millisecond, For: 4 * time.Second},
	{Kind: "move", Host: 0, To: 1, At: 7 * time.Second},
	{Kind: "move", Host: 1, To: 1, At: 7 * time.Second},
}

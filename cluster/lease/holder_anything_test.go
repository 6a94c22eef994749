package lease_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Whatever it is told, in any order and however false: the fence is never further than a lease from
// a write that was ordered, what is expected never goes back, and nothing panics.
func TestHolderTakesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, _ := lease.NewHolder(lease.Terms{}, "me", "before")
		now, lastOrdered, fence := begin, boottime.Instant(0), boottime.Instant(0)
		var orders []lease.Write
		expect := uint64(0)
		told := func(s lease.Step) {
			if s.Action == lease.WriteRecord {
				if s.Write.Expect < expect {
					t.Fatalf("expects %d after %d", s.Write.Expect, expect)
				}
				expect, lastOrdered = s.Write.Expect, now
				orders = append(orders, s.Write)
			}
			if h.Fence() > 0 && h.Fence().Before(fence) {
				t.Fatalf("fence at %v after %v", h.Fence(), fence)
			}
			fence = h.Fence()
			if limit := lastOrdered.Add(lease.DefaultLease); h.Fence() > 0 && limit.Before(h.Fence()) {
				t.Fatalf("fence at %v, the last write was ordered at %v", h.Fence(), lastOrdered)
			}
		}
		any := func() lease.Write {
			if len(orders) == 0 {
				return lease.Write{}
			}
			return rapid.SampledFrom(orders).Draw(t, "write")
		}
		if rapid.Bool().Draw(t, "joined") {
			told(h.Saw(now, lease.Record{}))
			told(h.Acked(now, orders[0], 1))
		}
		sequence := func() uint64 { return rapid.Uint64Range(0, 40).Draw(t, "sequence") }
		t.Repeat(map[string]func(*rapid.T){
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "later")))
			},
			"tick":    func(*rapid.T) { told(h.Tick(now)) },
			"acked":   func(*rapid.T) { told(h.Acked(now, any(), sequence())) },
			"refused": func(*rapid.T) { told(h.Refused(now, any(), lease.Refusal(sequence()%4))) },
			"saw": func(t *rapid.T) {
				who := rapid.SampledFrom([]string{"me", "before", "other", ""}).Draw(t, "who")
				state := rapid.SampledFrom([]roostv1.MemberState{live, draining, left, evictedS, 0, 77}).Draw(t, "state")
				told(h.Saw(now, record(sequence(), who, sequence(), state)))
			},
			"drain": func(*rapid.T) { told(h.Drain(now)) },
			"leave": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					told(h.Leave(now))
				}
			},
		})
	})
}

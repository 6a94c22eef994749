package lease_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
)

// One renewal: the order, the acknowledgement, and the record that comes back with the picture.
func BenchmarkRenew(b *testing.B) {
	h, err := lease.NewHolder(lease.Terms{}, "me")
	if err != nil {
		b.Fatal(err)
	}
	now, sequence := begin, uint64(1)
	step := h.Saw(now, lease.Record{})
	b.ReportAllocs()
	for b.Loop() {
		sequence++
		h.Acked(now, step.Write, sequence)
		h.Saw(now, record(sequence, "me", step.Write.Renewal, live))
		now, _ = h.Next()
		step = h.Tick(now)
		if step.Action != lease.WriteRecord {
			b.Fatal("it does not renew")
		}
	}
}

// What a gateway has to do about its peers in one renewal interval: a record of each, an own renewal,
// and the question whom to evict.
func BenchmarkWatchPeers(b *testing.B) {
	for _, peers := range []int{10, 100} {
		b.Run(fmt.Sprintf("peers=%d", peers), func(b *testing.B) {
			e, err := lease.NewEvictor(lease.Terms{})
			if err != nil {
				b.Fatal(err)
			}
			names := make([]string, peers)
			for i := range names {
				names[i] = fmt.Sprintf("gw-%d", i)
			}
			now, sequence := begin, uint64(1)
			b.ReportAllocs()
			for b.Loop() {
				for _, name := range names {
					sequence++
					e.Saw(now, name, record(sequence, name, sequence, live))
				}
				e.Renewed(now, now-boottime.Instant(time.Millisecond))
				if due := e.Due(now); due != nil {
					b.Fatal(due)
				}
				now = now.Add(interval)
			}
		})
	}
}

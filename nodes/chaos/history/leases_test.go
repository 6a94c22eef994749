package history_test

import (
	"fmt"
	"testing"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// TestLeasesSeenOnTheirWay: a record that was seen on its way fills a gap, and does not stand beside the stream's own.
func TestLeasesSeenOnTheirWay(t *testing.T) {
	var records []history.Record
	for i, l := range []struct {
		sequence uint64
		onWay    bool
	}{{10, true}, {10, false}, {20, true}, {30, false}, {30, true}, {40, false}} {
		lease := &history.Lease{Peer: history.Peer{Gateway: "g1"}, State: history.LeaseLive, Sequence: l.sequence, OnWay: l.onWay}
		lease.At = boottime.Instant(i + 1)
		records = append(records, lease)
	}
	var got string
	for _, l := range history.New(records).Leases["g1"] {
		got += fmt.Sprintf("%d %v, ", l.Sequence, l.OnWay)
	}
	if want := "10 false, 20 true, 30 false, 40 false, "; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

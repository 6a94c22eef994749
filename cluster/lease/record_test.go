package lease_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestRecordOf(t *testing.T) {
	member := &roostv1.Member{Incarnation: "x#1", Renewal: 4, State: draining, Lease: durationpb.New(3 * time.Second)}
	want := lease.Record{Sequence: 9, Incarnation: "x#1", Renewal: 4, State: draining, Lease: 3 * time.Second}
	if got := lease.RecordOf(9, member); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := lease.RecordOf(9, nil).Standing("x#1", 3); got != lease.Stands {
		t.Errorf("an owner whose gateway's record cannot be read: got %d, want that it stands", got)
	}
}

func TestStanding(t *testing.T) {
	for _, test := range []struct {
		name   string
		record lease.Record
		epoch  uint64
		want   lease.Standing
	}{
		{"it renews", record(20, "x#1", 9, live), 10, lease.Stands},
		{"it drains", record(20, "x#1", 9, draining), 10, lease.Stands},
		{"it was evicted", record(20, "x#1", 0, evictedS), 10, lease.Over},
		{"it left", record(20, "x#1", 9, left), 10, lease.Over},
		{"another took its place", record(20, "x#2", 1, live), 10, lease.Over},
		{"it owns by a younger record", record(20, "x#1", 9, live), 30, lease.Stands},
		{"it owns by a younger record than another's joining", record(20, "x#0", 9, live), 30, lease.Stands},
		{"it owns by a younger record than its eviction", record(20, "x#1", 0, evictedS), 30, lease.Unsettled},
		{"there is no record of its gateway", lease.Record{}, 30, lease.Unsettled},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.record.Standing("x#1", test.epoch); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

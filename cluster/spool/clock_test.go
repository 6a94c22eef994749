package spool_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/spool"
)

// TestClockThatIsSet: batches between which the wall clock was set are not joined: the boot clock would tell another time
// of the readings than they have.
func TestClockThatIsSet(t *testing.T) {
	hub := &silent{}
	s, _ := open(t, spool.Config{Folder: t.TempDir(), Sink: hub, Link: hub, Spread: -1})
	hub.begin()
	mustGive(t, s, 1, 1, 1, 1, 1)
	until(t, "it is on its way", func() bool { return hub.unanswered() == 1 })
	began := time.Unix(1_700_000_000, 0)
	for i, set := range []time.Duration{0, 0, time.Second, time.Second, -time.Hour} {
		b := batch("d000", 1, uint64(i)+2, 1)
		passed := time.Duration(i) * time.Millisecond
		b.BootId, b.MonotonicUs, b.BaseTime = "this", passed.Microseconds(), timestamppb.New(began.Add(passed+set))
		if err := give(t, s, b); err != nil {
			t.Fatal(err)
		}
	}
	hub.end()
	sent(t, s)
	var got []int
	for _, first := range hub.marks() {
		got = append(got, max(first, -first))
	}
	if want := []int{1, 2, 4, 6}; !slices.Equal(got, want) {
		t.Errorf("batches that begin with %v came, want %v", got, want)
	}
}

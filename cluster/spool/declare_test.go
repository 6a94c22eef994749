package spool_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
)

// TestDeclarations: what batches declare is declared after they were joined, and batches that differ in what they say of their
// readings stay apart.
func TestDeclarations(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	s, _ := open(t, site.config(t.TempDir()))
	site.hub.Stop()
	until(t, "the hub is away", func() bool { return !site.nc.IsConnected() })
	next, boundary, dropped, missed := uint64(1), uint64(0), uint64(0), uint64(0)
	for i := range 60 {
		b := batch("d000", 1, next, 2)
		if i%7 == 3 {
			b = batch("d000", 1, next+3, 2)
			b.DroppedBefore = 3
			dropped += 3
		}
		if i%11 == 5 {
			b.MissedPolls = 2
			missed += 2
		}
		if i == 30 {
			boundary = b.FirstSequence
		}
		if i >= 30 {
			b.ProfileRevision = 4
		}
		b.ClockError = durationpb.New(time.Duration(i))
		if err := give(t, s, b); err != nil {
			t.Fatal(err)
		}
		next = b.FirstSequence + 2
	}
	site.hub.Restart()
	sent(t, s)
	got := read(t, site.hub)["d000/1"]
	if got.readings != 120 || got.dropped != dropped || got.missed != missed || got.last != next-1 {
		t.Errorf("%+v, want 120 readings up to %d, %d dropped and %d missed", got, next-1, dropped, missed)
	}
	client, err := cluster.NewClient(site.hub.Connect(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	batches := 0
	for b, err := range client.Readings(t.Context(), cluster.ReadingsQuery{Device: "d000"}) {
		if err != nil {
			t.Fatal(err)
		}
		batches++
		if !b.Backfill {
			t.Errorf("batch %d is not marked", batches)
		}
		if end := b.FirstSequence + uint64(len(b.Readings)); (b.ProfileRevision == 3) != (end <= boundary) {
			t.Errorf("readings %d to %d have revision %d", b.FirstSequence, end-1, b.ProfileRevision)
		}
	}
	if batches < 10 || batches > 30 {
		t.Errorf("60 batches became %d, want one for each that declares, and one for the other profile", batches)
	}
}

// TestLastOutlivesReadings: the last sequence is known when the readings are long gone from the disk.
func TestLastOutlivesReadings(t *testing.T) {
	site := newSite(t, clustertest.Start(t))
	c := site.config(t.TempDir())
	s, stop := open(t, c)
	for epoch := range uint64(12) {
		mustGive(t, s, 2, epoch, 1, int(epoch)+1, 2)
	}
	sent(t, s)
	stop()
	s, stop = open(t, c)
	if bytes := s.Status().Bytes; bytes != 0 {
		t.Errorf("%d bytes are there after all was sent, want none", bytes)
	}
	for epoch := range uint64(12) {
		want := 2 * (epoch + 1)
		if epoch < 4 { // eight are remembered
			want = 0
		}
		if last := s.Last("d001", epoch); last != want {
			t.Errorf("last under epoch %d = %d, want %d", epoch, last, want)
		}
	}
	stop()
}

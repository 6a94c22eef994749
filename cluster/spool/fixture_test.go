package spool_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/spool"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func subjects(tb testing.TB) cluster.Subjects {
	tb.Helper()
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		tb.Fatal(err)
	}
	return names
}

// site is a hub, and a gateway's way to it.
type site struct {
	hub  *clustertest.Hub
	nc   *nats.Conn
	sink *cluster.Readings
}

// newSite starts a hub with the streams of a fleet, and the sink.
func newSite(tb testing.TB, hub *clustertest.Hub) *site {
	tb.Helper()
	s := &site{hub: hub, nc: hub.Connect(tb)}
	if err := (cluster.Schema{ReadingsMaxBytes: 4 << 30}).Ensure(tb.Context(), s.nc, subjects(tb)); err != nil {
		tb.Fatal(err)
	}
	s.sink = cluster.NewReadings(s.nc, subjects(tb), "g1", nil)
	runs(tb, s.sink.Run)
	return s
}

// config is a spool that sends to the site.
func (s *site) config(folder string) spool.Config {
	return spool.Config{Folder: folder, Gateway: "g1", Sink: s.sink, Link: s.nc, Spread: -1}
}

// runs runs fn until the test ends, or stop is called, and reports its error.
func runs(tb testing.TB, fn func(context.Context) error) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := fn(ctx); err != nil {
			tb.Errorf("run: %v", err)
		}
	})
	stop = func() {
		cancel()
		running.Wait()
	}
	tb.Cleanup(stop)
	return stop
}

// open opens a spool, and runs it until the test ends or stop is called.
func open(tb testing.TB, c spool.Config) (s *spool.Spool, stop func()) {
	tb.Helper()
	if c.Logger == nil {
		c.Logger = clustertest.Logger(tb)
	}
	s, err := spool.Open(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s, runs(tb, s.Run)
}

// batch is a batch as a device makes them.
func batch(device string, epoch, first uint64, readings int) *roostv1.ReadingBatch {
	b := &roostv1.ReadingBatch{
		DeviceId: device, Profile: "thermometer", ProfileRevision: 3, Gateway: "g1",
		Epoch: epoch, FirstSequence: first, BaseTime: timestamppb.New(time.Unix(1_700_000_000, int64(first)*1e6)),
		ClockState: roostv1.ClockState_CLOCK_STATE_SYNCED,
	}
	for i := range readings {
		b.Readings = append(b.Readings, &roostv1.Reading{
			Resource: "temperature", Value: roostv1.Double(float64(first) + float64(i)),
			Quality: roostv1.Quality_QUALITY_GOOD, AcquiredOffsetUs: int64(i) * 1000,
		})
	}
	return b
}

// give stores a batch and waits for the outcome.
func give(tb testing.TB, s *spool.Spool, b *roostv1.ReadingBatch) error {
	tb.Helper()
	done := make(chan error, 1)
	s.Store(b, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-tb.Context().Done():
		tb.Fatal("done was not called")
		return nil
	}
}

// mustGive stores batches of n readings each of every device, with the sequences from first on, all at once.
func mustGive(tb testing.TB, s *spool.Spool, devices int, epoch, first uint64, batches, n int) {
	tb.Helper()
	var running sync.WaitGroup
	for d := range devices {
		running.Go(func() {
			for i := range batches {
				b := batch(fmt.Sprintf("d%03d", d), epoch, first+uint64(i*n), n)
				if err := give(tb, s, b); err != nil {
					tb.Errorf("store: %v", err)
					return
				}
			}
		})
	}
	running.Wait()
}

// until waits until a condition holds; it is looked at again and again.
func until(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-tb.Context().Done():
			tb.Fatalf("%s: %v", what, context.Cause(tb.Context()))
		}
	}
}

// sent waits until nothing waits in the spool.
func sent(tb testing.TB, s *spool.Spool) {
	tb.Helper()
	until(tb, "nothing waits", func() bool { return s.Status().Waiting == 0 })
}

// series is what the client has read of one device under one epoch.
type series struct {
	readings int
	dropped  uint64
	missed   uint64
	last     uint64
}

// read reads all that the hub has with the client, and fails the test where something is missing, or comes twice, or in
// another order than that of its lane.
func read(tb testing.TB, hub *clustertest.Hub) map[string]*series { return readAs(tb, hub, true, true) }

// readAny is read in any order.
func readAny(tb testing.TB, hub *clustertest.Hub) map[string]*series {
	return readAs(tb, hub, false, true)
}

// readLoose is read with any times.
func readLoose(tb testing.TB, hub *clustertest.Hub) map[string]*series {
	return readAs(tb, hub, true, false)
}

func readAs(tb testing.TB, hub *clustertest.Hub, ordered, timed bool) map[string]*series {
	tb.Helper()
	client, err := cluster.NewClient(hub.Connect(tb), "test")
	if err != nil {
		tb.Fatal(err)
	}
	got := map[string]*series{}
	next := map[string]uint64{}
	have := map[string]map[uint64]bool{}
	for b, err := range client.Readings(tb.Context(), cluster.ReadingsQuery{}) {
		if err != nil {
			if _, ok := err.(*cluster.Gap); ok {
				continue // judged below
			}
			tb.Fatal(err)
		}
		key := fmt.Sprintf("%s/%d", b.DeviceId, b.Epoch)
		if got[key] == nil {
			got[key], have[key] = &series{}, map[uint64]bool{}
		}
		s := got[key]
		lane := fmt.Sprintf("%s/%v", key, b.Backfill)
		if ordered && b.FirstSequence < next[lane] {
			tb.Errorf("%s: %d comes after %d", lane, b.FirstSequence, next[lane]-1)
		}
		next[lane] = b.FirstSequence + uint64(len(b.Readings))
		s.dropped += b.DroppedBefore
		s.missed += b.MissedPolls
		for q := b.FirstSequence - b.DroppedBefore; q < b.FirstSequence; q++ {
			have[key][q] = true
		}
		for i, r := range b.Readings {
			sequence := b.FirstSequence + uint64(i)
			if have[key][sequence] {
				tb.Errorf("%s: reading %d comes twice", key, sequence)
			}
			have[key][sequence] = true
			if r.Value.GetDouble() != float64(sequence) {
				tb.Errorf("%s: reading %d is %v", key, sequence, r.Value.GetDouble())
			}
			at := b.BaseTime.AsTime().Add(time.Duration(r.AcquiredOffsetUs) * time.Microsecond)
			if d := at.Sub(time.Unix(1_700_000_000, 0)); timed && d != time.Duration(sequence)*time.Millisecond {
				tb.Errorf("%s: reading %d is of %v", key, sequence, at)
			}
			s.readings++
			s.last = max(s.last, sequence)
		}
	}
	for key, s := range got {
		for q := uint64(1); q <= s.last; q++ {
			if !have[key][q] {
				tb.Errorf("%s: reading %d of %d is missing, and not declared", key, q, s.last)
				break
			}
		}
	}
	return got
}

// want checks that every device has so many readings, one after the other from the first.
func want(tb testing.TB, got map[string]*series, devices int, epoch uint64, readings int) {
	tb.Helper()
	for d := range devices {
		key := fmt.Sprintf("d%03d/%d", d, epoch)
		s := got[key]
		if s == nil {
			s = &series{}
		}
		if s.readings != readings || s.last != uint64(readings) {
			tb.Errorf("%s: got %d readings up to %d, want %d", key, s.readings, s.last, readings)
		}
	}
}

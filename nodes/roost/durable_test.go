package main_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// stored reads the whole stream of readings with a plain NATS client, and returns how many readings of each
// device it holds by epoch. It fails where one is missing in between.
func stored(t *testing.T, url string) map[string]map[uint64]uint64 {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.OrderedConsumer(t.Context(), "ROOST_roost_READINGS", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]map[uint64]uint64{}
	complete := cluster.Completeness{FromStart: true}
	for {
		m, err := consumer.Next(jetstream.FetchMaxWait(longest))
		if err != nil {
			t.Fatal(err)
		}
		batch := &roostv1.ReadingBatch{}
		if _, err := roostv1.Unmarshal(m.Data(), batch); err != nil {
			t.Fatal(err)
		}
		fresh, gap := complete.Observe(batch)
		if gap != nil {
			t.Error(gap)
		}
		if counts[batch.DeviceId] == nil {
			counts[batch.DeviceId] = map[uint64]uint64{}
		}
		for _, piece := range fresh {
			counts[batch.DeviceId][batch.Epoch] += uint64(len(piece.Readings))
		}
		if meta, err := m.Metadata(); err != nil || meta.NumPending == 0 {
			return counts
		}
	}
}

// TestAcknowledgedIsKept: what a device's counters say is stored, is there after the next start, however the
// program ended, and nothing is missing before it.
func TestAcknowledgedIsKept(t *testing.T) {
	for name, end := range map[string]syscall.Signal{"SIGTERM": syscall.SIGTERM, "kill -9": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			first := up(t, "", "--fleet", write(t, fastFleet)).drain()
			first.run("readings", "s1", "--follow", "--limit", "100") // lets some come
			before := devices(t, first.run("devices", "--json"))
			code, took := first.signal(t, end)
			if took > 5*time.Second || end == syscall.SIGTERM && code != 0 {
				t.Errorf("ended with exit code %d after %v", code, took)
			}
			again := up(t, first.data).drain()
			after := stored(t, again.url)
			for _, d := range before {
				acknowledged := d.Counters.ReadingsStored
				if got := after[d.DeviceId][d.Epoch]; got < acknowledged || acknowledged == 0 {
					t.Errorf("%s: %d readings were acknowledged, %d are stored", d.DeviceId, acknowledged, got)
				}
			}
			for _, d := range devices(t, again.run("devices", "--json")) {
				for epoch := range after[d.DeviceId] {
					if d.Epoch < epoch {
						t.Errorf("%s: the epoch is %d after %d", d.DeviceId, d.Epoch, epoch)
					}
				}
			}
			if got := again.run("readings", "s1", "--follow", "--limit", "10"); got.code != 0 {
				t.Errorf("it does not go on: %+v", got)
			}
		})
	}
}

// TestStopStoresTheLast: in an end in order, also what was sampled last is stored.
func TestStopStoresTheLast(t *testing.T) {
	first := up(t, "", "--fleet", write(t, fastFleet)).drain()
	p := start(t, "readings", "s2", "--follow", "--json", "--hub", first.url)
	p.until(t, "firstSequence")
	first.stop()
	again := up(t, first.data).drain()
	counts := stored(t, again.url) // which finds gaps
	if len(counts["s1"]) == 0 || len(counts["s2"]) == 0 {
		t.Errorf("got %v", counts)
	}
}

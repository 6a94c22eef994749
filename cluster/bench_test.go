package cluster_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkReadings stores readings as fast as it can, synced to disk, for fleets of several
// sizes: each device has one batch on its way, with what has piled up meanwhile. In turns with it, a raw
// publisher stores the same bytes in the groups that are best for the server. One op is one reading; raw/s
// is what the raw publisher stored. A single device has one message on its way, so for it there is also
// a raw publisher that waits for each message: alone/s.
func BenchmarkReadings(b *testing.B) {
	const rounds = 4 // the disk is not equally fast at all times
	for _, c := range []struct{ devices, readings int }{{1, 4096}, {1000, 20}, {10000, 10}} {
		b.Run(fmt.Sprintf("devices=%d/readings=%d", c.devices, c.readings), func(b *testing.B) {
			hub := clustertest.Start(b)
			raw := rawPublisher{hub: hub, names: newFleet(b, hub), devices: c.devices, readings: c.readings}
			nc := hub.Connect(b)
			batches := max(b.N/c.readings/rounds, 1)
			var grouped, alone time.Duration
			b.ReportAllocs()
			b.ResetTimer()
			for round := range rounds {
				b.StopTimer()
				grouped += raw.grouped(b, round, batches)
				if c.devices == 1 {
					alone += raw.alone(b, batches)
				}
				load := newLoad(nc, raw.names, c.devices, c.readings, uint64(round))
				b.StartTimer()
				load.run(b, batches)
			}
			b.StopTimer()
			readings := float64(rounds * batches * c.readings)
			b.ReportMetric(readings/b.Elapsed().Seconds(), "readings/s")
			b.ReportMetric(readings/grouped.Seconds(), "raw/s")
			b.ReportMetric(grouped.Seconds()/b.Elapsed().Seconds(), "of-raw")
			if alone > 0 {
				b.ReportMetric(readings/alone.Seconds(), "alone/s")
			}
		})
	}
}

// sampleBatch is a batch as a device makes them.
func sampleBatch(device string, epoch, first uint64, readings int) *roostv1.ReadingBatch {
	b := &roostv1.ReadingBatch{
		DeviceId: device, Profile: "thermometer", ProfileRevision: 3, Gateway: "g1",
		Epoch: epoch, FirstSequence: first, BaseTime: timestamppb.New(time.Unix(1_700_000_000, 0)),
		ClockState: roostv1.ClockState_CLOCK_STATE_SYNCED,
	}
	for i := range readings {
		b.Readings = append(b.Readings, &roostv1.Reading{
			Resource: "temperature", Value: roostv1.Double(20 + float64(i)/8),
			Quality: roostv1.Quality_QUALITY_GOOD, AcquiredOffsetUs: int64(i) * 1000,
		})
	}
	return b
}

// load is a fleet of devices that always have readings.
type load struct {
	store   *cluster.Readings
	batches []*roostv1.ReadingBatch // the next one of each device
}

func newLoad(nc *nats.Conn, names cluster.Subjects, devices, readings int, epoch uint64) *load {
	l := &load{store: cluster.NewReadings(nc, names, "g1", nil)}
	for i := range devices {
		l.batches = append(l.batches, sampleBatch(fmt.Sprintf("device-%05d", i), epoch, 1, readings))
	}
	return l
}

// run stores n batches.
func (l *load) run(tb testing.TB, n int) {
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.store.Run(ctx); err != nil {
			tb.Error(err)
		}
	})
	var begun, stored atomic.Int64
	finished := make(chan struct{})
	var next func(b *roostv1.ReadingBatch)
	next = func(b *roostv1.ReadingBatch) {
		if begun.Add(1) > int64(n) {
			return
		}
		l.store.Store(b, func(err error) {
			if err != nil {
				tb.Error(err)
			}
			if stored.Add(1) == int64(n) {
				close(finished)
			}
			b.FirstSequence += uint64(len(b.Readings))
			next(b)
		})
	}
	for _, b := range l.batches {
		next(b)
	}
	<-finished
	cancel()
	running.Wait()
}

// rawPublisher has nothing to do but to publish the same bytes over and over.
type rawPublisher struct {
	hub               *clustertest.Hub
	names             cluster.Subjects
	devices, readings int
}

func (p rawPublisher) data(b *testing.B) []byte {
	return encode(b, sampleBatch("device-00000", 1, 1, p.readings))
}

// grouped stores n messages on two connections, 1000 in an atomic batch, and returns how long it took.
func (p rawPublisher) grouped(b *testing.B, round, n int) time.Duration {
	const connections, group = 2, 1000
	data := p.data(b)
	start := time.Now()
	var running sync.WaitGroup
	for c := range connections {
		nc := p.hub.Connect(b)
		running.Go(func() {
			for left := n / connections; left > 0; left -= group {
				rawBatch(b, nc, fmt.Sprintf("%d/%d/%d", round, c, left), min(left, group), func(i int) (string, []byte) {
					return p.names.Reading(fmt.Sprintf("raw-%05d", (left+i)%p.devices), "g1"), data
				})
			}
		})
	}
	running.Wait()
	return time.Since(start)
}

// alone stores n messages and waits for each.
func (p rawPublisher) alone(b *testing.B, n int) time.Duration {
	nc, data := p.hub.Connect(b), p.data(b)
	start := time.Now()
	for range n {
		if _, err := nc.Request(p.names.Reading("raw-00000", "g1"), data, askWait); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

func rawBatch(b *testing.B, nc *nats.Conn, id string, n int, message func(i int) (string, []byte)) {
	m := &nats.Msg{Header: nats.Header{"Nats-Batch-Id": {"raw/" + id}}}
	for i := range n {
		m.Subject, m.Data = message(i)
		m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		m.Header["Nats-Msg-Id"] = []string{id + "/" + strconv.Itoa(i)}
		if i == n-1 {
			break
		}
		if err := nc.PublishMsg(m); err != nil {
			b.Error(err)
		}
	}
	m.Header["Nats-Batch-Commit"] = []string{"1"}
	reply, err := nc.RequestMsg(m, askWait)
	if err != nil {
		b.Error(err)
		return
	}
	var ack struct{ Error any }
	if err := json.Unmarshal(reply.Data, &ack); err != nil || ack.Error != nil {
		b.Errorf("raw batch: %s", reply.Data)
	}
}

// BenchmarkGatewayStart is a gateway's start with 10,000 devices, each on its own bus, until the last of
// them was claimed and handed to the Host.
func BenchmarkGatewayStart(b *testing.B) {
	const devices = 10_000
	hub := clustertest.Start(b)
	newFleet(b, hub)
	fleet := fleetOf()
	for i := range devices {
		fleet.Devices = append(fleet.Devices, newDevice(fmt.Sprintf("device-%05d", i)))
	}
	if _, err := newClient(b, hub).Apply(b.Context(), fleet); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h := newHost("g1")
		_, stop := startGateway(b, hub, h)
		left := devices
		await(b, "assignments", h.calls, func(c hostCall) bool {
			if c.assignment != nil {
				left--
			}
			return left == 0
		})
		b.StopTimer()
		stop()
		b.StartTimer()
	}
}

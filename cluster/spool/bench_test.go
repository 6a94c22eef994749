package spool_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/spool"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// benchFleets are devices, each with one batch on its way, of so many readings.
var benchFleets = []struct{ devices, readings int }{{1, 1}, {1000, 1}, {1000, 20}}

func (f benchFleet) String() string {
	return fmt.Sprintf("devices=%d/readings=%d", f.devices, f.readings)
}

type benchFleet struct{ devices, readings int }

// gate is a link that can be cut.
type gate struct{ open atomic.Bool }

func (g *gate) IsConnected() bool { return g.open.Load() }

// BenchmarkStore stores readings in a spool while the hub is away. One op is one reading.
func BenchmarkStore(b *testing.B) {
	site := newSite(b, clustertest.Start(b))
	for _, f := range benchFleets {
		b.Run(benchFleet(f).String(), func(b *testing.B) {
			c := site.config(b.TempDir())
			c.Link, c.MaxBytes, c.Logger = &gate{}, 8<<30, nil
			s, err := spool.Open(c)
			if err != nil {
				b.Fatal(err)
			}
			stop := runs(b, s.Run)
			defer stop()
			batches := max(b.N/f.readings, 1)
			b.ReportAllocs()
			b.ResetTimer()
			fillSpool(b, s, f, batches)
			b.StopTimer()
			b.ReportMetric(float64(batches*f.readings)/b.Elapsed().Seconds(), "readings/s")
			if f.devices == 1 {
				b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(batches), "ms/sync")
			}
		})
	}
}

// BenchmarkForward sends to the hub what waits in a spool, as fast as it goes. Before it, in the same run, a raw publisher
// stores the very same messages in a stream with the same settings on the same hub, 1000 in an atomic batch, on two
// connections. One op is one reading.
func BenchmarkForward(b *testing.B) {
	for _, f := range benchFleets[1:] {
		b.Run(benchFleet(f).String(), func(b *testing.B) {
			hub := clustertest.Start(b)
			site := newSite(b, hub)
			link := &gate{}
			c := site.config(b.TempDir())
			c.Link, c.MaxBytes, c.BackfillRate, c.Logger = link, 8<<30, 1<<30, nil
			s, err := spool.Open(c)
			if err != nil {
				b.Fatal(err)
			}
			stop := runs(b, s.Run)
			defer stop()
			batches := max(b.N/f.readings, 1)
			fillSpool(b, s, f, batches)
			raw := publishRaw(b, hub, f, batches)
			b.ReportAllocs()
			b.ResetTimer()
			link.open.Store(true)
			sent(b, s)
			b.StopTimer()
			readings := float64(batches * f.readings)
			b.ReportMetric(readings/b.Elapsed().Seconds(), "readings/s")
			b.ReportMetric(readings/raw.Seconds(), "raw/s")
			b.ReportMetric(raw.Seconds()/b.Elapsed().Seconds(), "of-raw")
		})
	}
}

// fillSpool stores batches of all devices, one of each at a time.
func fillSpool(b *testing.B, s *spool.Spool, f benchFleet, batches int) {
	var begun, stored atomic.Int64
	finished := make(chan struct{})
	var next func(*roostv1.ReadingBatch)
	next = func(batch *roostv1.ReadingBatch) {
		if begun.Add(1) > int64(batches) {
			return
		}
		s.Store(batch, func(err error) {
			if err != nil {
				b.Error(err)
			}
			if stored.Add(1) == int64(batches) {
				close(finished)
			}
			batch.FirstSequence += uint64(f.readings)
			next(batch)
		})
	}
	for d := range f.devices {
		next(batch(fmt.Sprintf("d%03d", d), 1, 1, f.readings))
	}
	<-finished
}

// publishRaw stores as many batches with nothing around it, and returns how long that took.
func publishRaw(b *testing.B, hub *clustertest.Hub, f benchFleet, batches int) time.Duration {
	b.Helper()
	const connections, group = 2, 1000
	js, err := jetstream.New(hub.Connect(b))
	if err != nil {
		b.Fatal(err)
	}
	config := jetstream.StreamConfig{Name: "RAW", Subjects: []string{"raw.>"}, AllowAtomicPublish: true}
	if _, err := js.CreateStream(b.Context(), config); err != nil {
		b.Fatal(err)
	}
	var all [][]byte
	for d := range f.devices {
		data, err := proto.Marshal(batch(fmt.Sprintf("d%03d", d), 1, 1<<20, f.readings))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, data)
	}
	var publishers sync.WaitGroup
	var next atomic.Int64
	began := time.Now()
	for range connections {
		nc := hub.Connect(b)
		publishers.Go(func() {
			for {
				from := int(next.Add(group)) - group
				if from >= batches {
					return
				}
				publishGroup(b, nc, from, min(group, batches-from), all)
			}
		})
	}
	publishers.Wait()
	return time.Since(began)
}

// publishGroup stores messages in one atomic batch, with ids as ours have them.
func publishGroup(b *testing.B, nc *nats.Conn, from, n int, all [][]byte) {
	m := &nats.Msg{Header: nats.Header{"Nats-Batch-Id": {strconv.Itoa(from)}}}
	for i := range n {
		d := (from + i) % len(all)
		m.Subject, m.Data = fmt.Sprintf("raw.d%03d", d), all[d]
		m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		m.Header["Nats-Msg-Id"] = []string{strconv.Itoa(from + i)}
		if i < n-1 {
			if err := nc.PublishMsg(m); err != nil {
				b.Error(err)
			}
		}
	}
	m.Header["Nats-Batch-Commit"] = []string{"1"}
	reply, err := nc.RequestMsg(m, 30*time.Second)
	if err != nil {
		b.Error(err)
		return
	}
	var ack struct{ Error any }
	if err := json.Unmarshal(reply.Data, &ack); err != nil || ack.Error != nil {
		b.Errorf("raw batch: %s", reply.Data)
	}
}

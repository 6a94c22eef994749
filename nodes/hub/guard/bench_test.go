package guard_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkCost compares a hub without users, as it is on loopback, with one that has them: the way through TLS and a
// service import into another account, and back.
//
//	record    one conditional write after the other, as a lease is renewed
//	readings  batches of ten readings of a thousand devices, in atomic groups
//	read      a stream from its beginning, with one consumer
func BenchmarkCost(b *testing.B) {
	plain := connectPlain(b)
	s := &site{}
	guarded := s.connectGuarded(b)
	for name, nc := range map[string]*nats.Conn{"plain": plain, "users": guarded} {
		b.Run("record/"+name, func(b *testing.B) { writeRecords(b, nc) })
		b.Run("readings/"+name, func(b *testing.B) { storeReadings(b, nc) })
		b.Run("read/"+name, func(b *testing.B) { readStream(b, nc) })
	}
}

func connectPlain(b *testing.B) *nats.Conn {
	h, err := hub.Open(b.Context(), hub.Config{Data: b.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.Close() })
	nc, err := nats.Connect(h.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	names, err := cluster.SubjectsOf(fleet)
	if err != nil {
		b.Fatal(err)
	}
	if err := (cluster.Schema{}).Ensure(b.Context(), nc, names); err != nil {
		b.Fatal(err)
	}
	return nc
}

func (s *site) connectGuarded(b *testing.B) *nats.Conn {
	data := b.TempDir()
	*s = *enrolled(b, data, "")
	s.open(b, data)
	return s.data(b, "g1").Conn
}

func writeRecords(b *testing.B, nc *nats.Conn) {
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	subject := fmt.Sprintf(f+"own.b%d", nc.Stats().OutMsgs) // a new one
	last := uint64(0)
	for b.Loop() {
		ack, err := js.Publish(b.Context(), subject, []byte("record"), jetstream.WithExpectLastSequencePerSubject(last))
		if err != nil {
			b.Fatal(err)
		}
		last = ack.Sequence
	}
}

const benchDevices = 1000

func storeReadings(b *testing.B, nc *nats.Conn) {
	names, err := cluster.SubjectsOf(fleet)
	if err != nil {
		b.Fatal(err)
	}
	store := cluster.NewReadings(nc, names, "g1", nil)
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := store.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	epoch := nc.Stats().OutMsgs // a new one
	first := uint64(1)
	for b.Loop() {
		var stored sync.WaitGroup
		for i := range benchDevices {
			stored.Add(1)
			store.Store(benchBatch(i, epoch, first), func(err error) {
				if err != nil {
					b.Error(err)
				}
				stored.Done()
			})
		}
		stored.Wait()
		first += 10
	}
	b.ReportMetric(float64(b.N*benchDevices)/b.Elapsed().Seconds(), "batches/s")
	cancel()
	running.Wait()
}

func benchBatch(device int, epoch, first uint64) *roostv1.ReadingBatch {
	batch := &roostv1.ReadingBatch{DeviceId: fmt.Sprintf("d%d", device), Gateway: "g1", Epoch: epoch, FirstSequence: first}
	for range 10 {
		batch.Readings = append(batch.Readings, &roostv1.Reading{Resource: "temperature", Value: roostv1.Double(20)})
	}
	return batch
}

// readStream reads the control stream, which a gateway may.
func readStream(b *testing.B, nc *nats.Conn) {
	js, err := jetstream.New(nc)
	if err != nil {
		b.Fatal(err)
	}
	const records = 2000
	for i := range records {
		if err := nc.PublishRequest(fmt.Sprintf(f+"cmd.d%d.c", i), nc.NewInbox(), []byte("record")); err != nil {
			b.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	if _, err := js.Publish(ctx, f+"cmd.last.c", nil); err != nil { // then all of them are stored
		b.Fatal(err)
	}
	for b.Loop() {
		c, err := js.OrderedConsumer(b.Context(), control, jetstream.OrderedConsumerConfig{FilterSubjects: []string{f + "cmd.>"}})
		if err != nil {
			b.Fatal(err)
		}
		messages, err := c.Messages()
		if err != nil {
			b.Fatal(err)
		}
		for range records {
			if _, err := messages.Next(); err != nil {
				b.Fatal(err)
			}
		}
		messages.Stop()
	}
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
}

package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkPipeline measures how many readings a second get from drivers to the disk of a hub
// that syncs before it acknowledges: through sessions, device actors, supervisors, outboxes and
// the group commit. Afterwards a raw publisher stores the very same messages on the same hub,
// a thousand in each atomic batch and two batches at a time, which is the most that the server
// takes. One op is one reading.
func BenchmarkPipeline(b *testing.B) {
	for _, c := range []struct{ devices, chunk, chunks int }{
		{devices: 1, chunk: 8000, chunks: 4},
		{devices: 1_000, chunk: 20, chunks: 4},
		{devices: 10_000, chunk: 10, chunks: 2},
	} {
		b.Run(fmt.Sprintf("devices=%d", c.devices), func(b *testing.B) {
			if testing.Short() && c.devices > 1_000 {
				b.Skip("left out of short runs: 10,000 devices take their time to open")
			}
			p := openPipeline(b)
			s := &source{chunk: c.chunk, chunks: c.chunks}
			s.want.Store(int64(b.N))
			p.serve(b, c.devices, s)
			b.ReportAllocs()
			b.ResetTimer()
			s.run()
			b.StopTimer()
			stored := float64(s.stored.Load()) / b.Elapsed().Seconds()
			p.stop(b)
			messages, raw := p.publishAgain(b)
			rawReadings := raw * float64(s.stored.Load()) / float64(messages)
			b.ReportMetric(stored, "readings/s")
			b.ReportMetric(rawReadings, "raw-readings/s")
			b.ReportMetric(stored/rawReadings, "of-raw")
			b.ReportMetric(float64(s.stored.Load())/float64(messages), "readings/msg")
		})
	}
}

// source is a driver whose sessions deliver readings as fast as they are stored, once they
// are let.
type source struct {
	chunk, chunks int // samples at once, and deliveries at once
	want, stored  atomic.Int64
	open          sync.WaitGroup
	begin         chan struct{}
	deliveries    sync.WaitGroup
}

func (s *source) Open(context.Context, actors.Device) (actors.Session, error) { return s, nil }

func (s *source) Close(context.Context) error { return nil }

func (s *source) Push(ctx context.Context, sink actors.Sink) error {
	s.open.Done()
	<-s.begin
	for range s.chunks {
		go s.deliver(ctx, sink)
	}
	<-ctx.Done()
	return nil
}

// deliver sends chunks until enough readings of all devices are stored.
func (s *source) deliver(ctx context.Context, sink actors.Sink) {
	defer s.deliveries.Done()
	for s.want.Add(-int64(s.chunk)) > -int64(s.chunk) {
		samples := make([]actors.Sample, s.chunk)
		for i := range samples {
			samples[i] = actors.Sample{Resource: "temp", Value: roostv1.Double(20 + float64(i)/8)}
		}
		if err := sink.Deliver(ctx, samples...); err != nil {
			panic(err) // a failure of the benchmark
		}
		s.stored.Add(int64(s.chunk))
	}
}

// run returns when all is stored.
func (s *source) run() {
	close(s.begin)
	s.deliveries.Wait()
}

// pipeline is a hub with a gateway's actors and their store.
type pipeline struct {
	hub    *hub.Hub
	names  cluster.Subjects
	actors *actors.Gateway
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func openPipeline(b *testing.B) *pipeline {
	b.Helper()
	// The stream may get larger than the disk has room now: it holds little at the end.
	h, err := hub.Open(b.Context(), hub.Config{Data: b.TempDir(), Listen: "127.0.0.1:0", MaxStore: 16 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := h.Close(); err != nil {
			b.Error(err)
		}
	})
	names, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		b.Fatal(err)
	}
	p := &pipeline{hub: h, names: names}
	schema := cluster.Schema{ReadingsMaxBytes: 8 << 30}
	if err := schema.Ensure(b.Context(), p.connect(b), names); err != nil {
		b.Fatal(err)
	}
	return p
}

func (p *pipeline) connect(b *testing.B) *nats.Conn {
	b.Helper()
	nc, err := cluster.ConnectGateway(p.hub.URL(), "gw-1", nil, nats.InProcessServer(p.hub.InProcess()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	return nc
}

// serve opens the devices and returns when all of them wait to begin.
func (p *pipeline) serve(b *testing.B, devices int, s *source) {
	b.Helper()
	s.begin = make(chan struct{})
	s.open.Add(devices)
	s.deliveries.Add(devices * s.chunks)
	store := cluster.NewReadings(p.connect(b), p.names, "raw", nil)
	g, err := actors.New(actors.Config{ID: "gw-1", Drivers: map[string]actors.Driver{"source": s}, Store: store})
	if err != nil {
		b.Fatal(err)
	}
	p.actors = g
	p.run(b, g, store)
	ctx := b.Context()
	profiles := []*roostv1.Profile{{
		Id: "probe", Revision: 1,
		Resources: []*roostv1.Resource{{Name: "temp", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel"}},
	}}
	for i := range devices {
		id := fmt.Sprintf("probe-%05d", i)
		spec := &roostv1.DeviceSpec{Id: id, Profile: "probe", Driver: "source", Revision: 1, OutboxLimit: 1 << 16}
		a := &roostv1.Assignment{Bus: id, Epoch: 1, Devices: []*roostv1.DeviceSpec{spec}, Profiles: profiles}
		if err := g.Assign(ctx, a); err != nil {
			b.Fatal(err)
		}
	}
	s.open.Wait()
}

// run runs a gateway's actors and their store, until stop or the function that is returned is called.
func (p *pipeline) run(b *testing.B, g *actors.Gateway, store *cluster.Readings) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	storeCtx, stopStore := context.WithCancel(context.Background())
	p.done.Go(func() { _ = store.Run(storeCtx) })
	p.done.Go(func() {
		defer stopStore()
		if err := g.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	return func() { p.stop(b) }
}

func (p *pipeline) stop(b *testing.B) {
	b.Helper()
	p.cancel()
	p.done.Wait()
}

// publishAgain stores all messages of the readings stream in another stream with nothing
// around it, and returns how many there are and how many a second that were.
func (p *pipeline) publishAgain(b *testing.B) (messages int, perSecond float64) {
	b.Helper()
	all := p.stored(b)
	js, err := jetstream.New(p.connect(b))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{
		Name: "RAW", Subjects: []string{"raw.>"}, AllowAtomicPublish: true, MaxMsgSize: -1,
	}); err != nil {
		b.Fatal(err)
	}
	const connections, group = 2, 1000
	groups := make(chan []message, connections)
	var publishers sync.WaitGroup
	began := time.Now()
	for c := range connections {
		nc := p.connect(b)
		publishers.Go(func() {
			n := 0
			for g := range groups {
				n++
				publishGroup(b, nc, fmt.Sprintf("%d/%d", c, n), g)
			}
		})
	}
	for at := 0; at < len(all); at += group {
		groups <- all[at:min(at+group, len(all))]
	}
	close(groups)
	publishers.Wait()
	return len(all), float64(len(all)) / time.Since(began).Seconds()
}

// A message is one that was stored, on its way to be stored again.
type message struct {
	subject string
	data    []byte
}

// stored reads all messages of the readings stream.
func (p *pipeline) stored(b *testing.B) []message {
	b.Helper()
	js, err := jetstream.New(p.connect(b))
	if err != nil {
		b.Fatal(err)
	}
	stream, err := js.Stream(b.Context(), p.names.ReadingsStream())
	if err != nil {
		b.Fatal(err)
	}
	left := stream.CachedInfo().State.Msgs
	consumer, err := stream.OrderedConsumer(b.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		b.Fatal(err)
	}
	iterator, err := consumer.Messages()
	if err != nil {
		b.Fatal(err)
	}
	defer iterator.Stop()
	all := make([]message, 0, left)
	readings := strings.TrimSuffix(p.names.Reading("", ""), ".")
	for ; left > 0; left-- {
		msg, err := iterator.Next()
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, message{"raw." + strings.TrimPrefix(msg.Subject(), readings), msg.Data()})
	}
	return all
}

// publishGroup stores messages in one atomic batch, with ids as ours have them.
func publishGroup(b *testing.B, nc *nats.Conn, id string, group []message) {
	m := &nats.Msg{Header: nats.Header{"Nats-Batch-Id": {id}}}
	for i, stored := range group {
		m.Subject, m.Data = stored.subject, stored.data
		m.Header["Nats-Batch-Sequence"] = []string{strconv.Itoa(i + 1)}
		m.Header["Nats-Msg-Id"] = []string{id + "/" + strconv.Itoa(i)}
		if i < len(group)-1 {
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

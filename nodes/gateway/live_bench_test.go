//go:build unix

package gateway_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkLiveLatency measures how long a read of a device on another gateway takes, from an
// asker on gw-1 over the hub to the device's supervisor on gw-2 and back. Between every two, a raw
// NATS request of the same size goes from one connection over the same hub to a responder
// on another. All connections are TCP. One op is one of both.
func BenchmarkLiveLatency(b *testing.B) {
	p := openPair(b)
	raw := p.rawRequest(b)
	for range 1000 { // warm
		p.read(b)
		raw()
	}
	ours, raws := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		began := time.Now()
		p.read(b)
		middle := time.Now()
		raw()
		ours, raws = append(ours, middle.Sub(began)), append(raws, time.Since(middle))
	}
	b.StopTimer()
	slices.Sort(ours)
	slices.Sort(raws)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		i := int(float64(b.N-1) * q.at)
		b.ReportMetric(float64(ours[i].Nanoseconds())/1e3, q.name+"-µs")
		b.ReportMetric(float64(raws[i].Nanoseconds())/1e3, q.name+"-raw-µs")
		b.ReportMetric(float64(ours[i])/float64(raws[i]), q.name+"-of-raw")
	}
}

// BenchmarkLiveThroughput measures how many reads a second go to a device on another gateway, with
// 256 of them on their way, and what processor time each costs, the hub's included. Afterwards as
// many raw NATS requests of the same size go between two connections. One op is one read.
func BenchmarkLiveThroughput(b *testing.B) {
	p := openPair(b)
	raw := p.rawRequest(b)
	many(1000, func() { p.read(b) })
	b.ResetTimer()
	ours := measure(func() { many(b.N, func() { p.read(b) }) })
	b.StopTimer()
	raws := measure(func() { many(b.N, raw) })
	ours.report(b, b.N, "")
	raws.report(b, b.N, "raw-")
	b.ReportMetric(raws.took.Seconds()/ours.took.Seconds(), "throughput-of-raw")
	b.ReportMetric(ours.cpu.Seconds()/raws.cpu.Seconds(), "cpu-of-raw")
}

// inFlight is how many requests are on their way at once.
const inFlight = 256

// many calls ask n times, inFlight at once.
func many(n int, ask func()) {
	var left atomic.Int64
	left.Store(int64(n))
	var askers sync.WaitGroup
	for range inFlight {
		askers.Go(func() {
			for left.Add(-1) >= 0 {
				ask()
			}
		})
	}
	askers.Wait()
}

// A cost is what something took.
type cost struct {
	took, cpu time.Duration
	allocs    uint64
}

func measure(do func()) cost {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began, cpu := time.Now(), processorTime()
	do()
	c := cost{took: time.Since(began), cpu: processorTime() - cpu}
	runtime.ReadMemStats(&after)
	c.allocs = after.Mallocs - before.Mallocs
	return c
}

func (c cost) report(b *testing.B, n int, prefix string) {
	b.ReportMetric(float64(n)/c.took.Seconds(), prefix+"req/s")
	b.ReportMetric(float64(c.cpu.Nanoseconds())/1e3/float64(n), prefix+"cpu-µs/req")
	b.ReportMetric(float64(c.allocs)/float64(n), prefix+"allocs/req")
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// pair is two gateways on one hub, each with a TCP connection of its own; the device pump-1 is on
// the second.
type pair struct {
	*site
	first *gateway.Gateway
}

func openPair(b *testing.B) *pair {
	b.Helper()
	p := &pair{site: openSite(b)}
	p.first, _ = p.run(b, "gw-1")
	p.run(b, "gw-2")
	if err := addBasin(b.Context(), p.client); err != nil {
		b.Fatal(err)
	}
	servedBy(b, p.first, "pump-1", "gw-2")
	return p
}

// question is what is asked.
func question() *roostv1.Read { return &roostv1.Read{Resources: []string{"level"}} }

// read asks the device, and waits for the answer.
func (p *pair) read(b *testing.B) *roostv1.ReadResult {
	m, err := p.first.Ask(context.Background(), "pump-1", question())
	if err != nil {
		b.Error(err)
		return nil
	}
	return m.(*roostv1.ReadResult)
}

// rawRequest returns a request of the same size, in NATS alone.
func (p *pair) rawRequest(b *testing.B) func() {
	b.Helper()
	envelope := &roostv1.LiveEnvelope{Ask: 1 << 20, DeviceId: "pump-1", WaitMs: 4750, Message: &roostv1.LiveEnvelope_Read{Read: question()}}
	ask := p.frame(envelope)
	answer := p.frame(&roostv1.LiveEnvelope{Ask: 1 << 20, Message: &roostv1.LiveEnvelope_ReadResult{ReadResult: p.read(b)}})
	responder, asker := p.connect(b, "responder"), p.connect(b, "asker")
	if _, err := responder.Subscribe("raw", func(m *nats.Msg) {
		if err := m.Respond(answer); err != nil {
			b.Error(err)
		}
	}); err != nil {
		b.Fatal(err)
	}
	if err := responder.Flush(); err != nil {
		b.Fatal(err)
	}
	return func() {
		if m, err := asker.Request("raw", ask, 5*time.Second); err != nil || len(m.Data) != len(answer) {
			b.Error(fmt.Errorf("raw request: %w", err))
		}
	}
}

// frame is a frame of the usual size with one envelope.
func (p *pair) frame(e *roostv1.LiveEnvelope) []byte {
	run := "0192e4a0-5f7e-7000-8000-000000000000"
	data, err := proto.Marshal(&roostv1.LiveFrame{Gateway: "gw-1", Incarnation: run, Receiver: run, Envelopes: []*roostv1.LiveEnvelope{e}})
	if err != nil {
		panic(err)
	}
	return data
}

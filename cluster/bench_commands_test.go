package cluster_test

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// benchHub is a hub of one server or three, with a gateway that carries commands out at once.
type benchHub struct {
	nc     func() *nats.Conn
	client *cluster.Client
	names  cluster.Subjects
	host   *host
}

func onHubs(b *testing.B, devices int, bench func(b *testing.B, h *benchHub)) {
	for _, hub := range []struct {
		name  string
		start func() func() *nats.Conn
	}{
		{"R1", func() func() *nats.Conn {
			h := clustertest.StartProcess(b)
			return func() *nats.Conn { return h.Connect(b) }
		}},
		{"R3", func() func() *nats.Conn {
			h := clustertest.StartThree(b)
			return func() *nats.Conn { return h.Connect(b) }
		}},
	} {
		b.Run(hub.name, func(b *testing.B) { bench(b, startBench(b, hub.start(), devices)) })
	}
}

func startBench(b *testing.B, connect func() *nats.Conn, devices int) *benchHub {
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		b.Fatal(err)
	}
	for cluster.Schema.Ensure(cluster.Schema{}, b.Context(), connect(), names) != nil {
		if b.Context().Err() != nil {
			b.Fatal("no streams")
		}
	}
	client, err := cluster.NewClient(connect(), "test")
	if err != nil {
		b.Fatal(err)
	}
	fleet := fleetOf()
	for i := range devices {
		d := newDevice(benchDevice(i))
		d.Commands = &roostv1.CommandPolicy{QueueLimit: 1 << 16}
		fleet.Devices = append(fleet.Devices, d)
	}
	if _, err := client.Apply(b.Context(), fleet); err != nil {
		b.Fatal(err)
	}
	h := newHost("g1")
	runGateway(b, cluster.Config{
		Fleet: "test", ID: "g1", Conn: connect(), Host: h, Logger: clustertest.Logger(b), LeaveTimeout: askWait,
		Lease: lease.Terms{Lease: 5 * time.Second},
	})
	left := devices
	await(b, "assignments", h.calls, func(c hostCall) bool {
		if c.assignment != nil {
			left--
		}
		return left == 0
	})
	return &benchHub{nc: connect, client: client, names: names, host: h}
}

func benchDevice(i int) string { return fmt.Sprintf("device-%05d", i) }

// BenchmarkCommandLatency sends one command at a time, from a client over the hub to a host that carries it out at
// once, and back. In turns with it, a raw client makes the three writes that a command needs, one after the
// other, each synced: p50/raw and p99/raw are the ratios of the two.
func BenchmarkCommandLatency(b *testing.B) {
	onHubs(b, 1, func(b *testing.B, h *benchHub) {
		nc := h.nc()
		var ours, raw []time.Duration
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			begin := time.Now()
			record, err := h.client.Send(b.Context(), setLimit("", benchDevice(0)), 0)
			if err != nil || record.State != succeeded {
				b.Fatalf("got %v, %v", record.GetState(), err)
			}
			ours = append(ours, time.Since(begin))
			b.StopTimer()
			data := encode(b, rawRecord(record, strconv.Itoa(i)))
			begin = time.Now()
			for range 3 {
				put(b, nc, h.names.Command("raw", strconv.Itoa(i)), data)
			}
			raw = append(raw, time.Since(begin))
			b.StartTimer()
		}
		slices.Sort(ours)
		slices.Sort(raw)
		at := func(all []time.Duration, share int) float64 { return all[len(all)*share/100].Seconds() * 1e3 }
		b.ReportMetric(at(ours, 50), "p50-ms")
		b.ReportMetric(at(ours, 99), "p99-ms")
		b.ReportMetric(at(ours, 50)/at(raw, 50), "p50/raw")
		b.ReportMetric(at(ours, 99)/at(raw, 99), "p99/raw")
	})
}

// rawRecord is a record as large as another one, of a command of its own.
func rawRecord(r *roostv1.CommandRecord, id string) *roostv1.CommandRecord {
	r = proto.CloneOf(r)
	r.DeviceId, r.CommandId = "raw", id
	return r
}

// BenchmarkCommandThroughput keeps 100 devices busy, each with a few commands at a time. In turns with it, a raw client
// publishes as many records as the commands need, 100 subjects each fenced by its own owner, one on its way for
// each. One op is one command.
func BenchmarkCommandThroughput(b *testing.B) {
	const devices, each, round = 100, 4, 4000
	onHubs(b, devices, func(b *testing.B, h *benchHub) {
		nc := h.nc()
		fences := make([]uint64, devices)
		for i := range fences {
			fences[i] = h.host.served()[benchDevice(i)].GetEpoch()
		}
		var raw time.Duration
		b.ReportAllocs()
		b.ResetTimer()
		for done := 0; done < b.N; done += round {
			n := min(round, b.N-done)
			record := h.sendMany(b, devices, devices*each, n)
			b.StopTimer()
			raw += h.publishMany(b, nc, record, fences, 3*n)
			b.StartTimer()
		}
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
		b.ReportMetric(3*float64(b.N)/raw.Seconds(), "raw/s")
		b.ReportMetric(raw.Seconds()/b.Elapsed().Seconds(), "of-raw")
	})
}

// sendMany sends n commands, so many at a time, and returns a record of one of them.
func (h *benchHub) sendMany(b *testing.B, devices, atOnce, n int) *roostv1.CommandRecord {
	var sending sync.WaitGroup
	var last atomic.Pointer[roostv1.CommandRecord]
	for s := range atOnce {
		sending.Go(func() {
			for i := s; i < n; i += atOnce {
				record, err := h.client.Send(b.Context(), setLimit("", benchDevice(s%devices)), time.Minute)
				if err != nil || record.State != succeeded {
					b.Errorf("got %v, %v", record.GetState(), err)
					return
				}
				last.Store(record)
			}
		})
	}
	sending.Wait()
	return last.Load()
}

// publishMany publishes n fenced records, one at a time for each fence, and returns how long it took.
func (h *benchHub) publishMany(b *testing.B, nc *nats.Conn, like *roostv1.CommandRecord, fences []uint64, n int) time.Duration {
	begin := time.Now()
	var publishing sync.WaitGroup
	for f, fence := range fences {
		id := strconv.Itoa(f)
		data := encode(b, rawRecord(like, id))
		publishing.Go(func() {
			for i := f; i < n; i += len(fences) {
				reply, err := nc.RequestMsg(&nats.Msg{
					Subject: h.names.Command("raw", id), Data: data,
					Header: nats.Header{
						"Nats-Expected-Last-Subject-Sequence":         {strconv.FormatUint(fence, 10)},
						"Nats-Expected-Last-Subject-Sequence-Subject": {h.names.Owner(benchDevice(f))},
					},
				}, askWait)
				if err != nil || len(reply.Data) == 0 {
					b.Errorf("raw: %v", err)
				}
			}
		})
	}
	publishing.Wait()
	return time.Since(begin)
}

//go:build unix

package gateway_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// commandHubs are the hubs on which commands are measured.
var commandHubs = []struct {
	name string
	open func(b *testing.B) string // returns its URL
}{
	{"R1", func(b *testing.B) string {
		h, err := hub.Open(b.Context(), hub.Config{Data: b.TempDir(), Listen: "127.0.0.1:0"})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := h.Close(); err != nil {
				b.Error(err)
			}
		})
		return h.URL()
	}},
	{"R3", func(b *testing.B) string { return clustertest.StartThree(b).URL() }},
}

// BenchmarkCommandLatency measures how long a command to a device that costs nothing takes, from a client
// through acceptance, intent and end, each of which is on the disks of the hub before the next begins.
// Between every two, one raw client stores three messages of the same sizes, one after the other. One op
// is one of both.
func BenchmarkCommandLatency(b *testing.B) {
	for _, h := range commandHubs {
		b.Run(h.name, func(b *testing.B) {
			c := openCommanded(b, h.open(b), 1, nil)
			record := c.send(b, 0)
			for range 50 { // warm
				c.send(b, 0)
				c.storeThree(b, record)
			}
			var ours, raws []time.Duration
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				began := time.Now()
				c.send(b, 0)
				middle := time.Now()
				c.storeThree(b, record)
				ours, raws = append(ours, middle.Sub(began)), append(raws, time.Since(middle))
			}
			b.StopTimer()
			reportQuantiles(b, ours, raws)
		})
	}
}

// reportQuantiles reports p50 and p99 of two series, and their ratios.
func reportQuantiles(b *testing.B, ours, raws []time.Duration) {
	slices.Sort(ours)
	slices.Sort(raws)
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 0.5}, {"p99", 0.99}} {
		our, raw := ours[int(float64(len(ours)-1)*q.at)], raws[int(float64(len(raws)-1)*q.at)]
		b.ReportMetric(float64(our.Nanoseconds())/1e3, q.name+"-µs")
		b.ReportMetric(float64(raw.Nanoseconds())/1e3, q.name+"-raw-µs")
		b.ReportMetric(float64(our)/float64(raw), q.name+"-of-raw")
	}
}

// BenchmarkCommandThroughput measures how many commands a second 100 devices carry out, four waiting at
// each, against raw clients that store as many messages of the same sizes under the same fences, one on its
// way for each of 100 subjects. One op is one command, which is three messages.
func BenchmarkCommandThroughput(b *testing.B) {
	const devices, waiting = 100, 4
	for _, h := range commandHubs {
		b.Run(h.name, func(b *testing.B) {
			c := openCommanded(b, h.open(b), devices, nil)
			record := c.send(b, 0)
			var next atomic.Int64
			b.ResetTimer()
			ours := measure(func() {
				var senders sync.WaitGroup
				for d := range devices * waiting {
					senders.Go(func() {
						for next.Add(1) <= int64(b.N) {
							c.send(b, d%devices)
						}
					})
				}
				senders.Wait()
			})
			b.StopTimer()
			raws := measure(func() { c.storeMany(b, 3*b.N, record) })
			b.ReportMetric(float64(b.N)/ours.took.Seconds(), "commands/s")
			b.ReportMetric(float64(b.N)/raws.took.Seconds(), "raw-commands/s")
			b.ReportMetric(raws.took.Seconds()/ours.took.Seconds(), "throughput-of-raw")
			b.ReportMetric(float64(ours.allocs)/float64(b.N), "allocs/command")
			b.ReportMetric(float64(ours.cpu.Nanoseconds())/1e3/float64(b.N), "cpu-µs/command")
		})
	}
}

// BenchmarkCommandWhilePolling measures the latency of commands while 1,000 devices are polled once a second
// by the same gateway, against that without. The device is on a bus that is polled as well. One op is one
// command of each.
func BenchmarkCommandWhilePolling(b *testing.B) {
	open := commandHubs[0].open
	idle := openCommanded(b, open(b), 1, nil)
	busy := openCommanded(b, open(b), 1000, func(d *roostv1.DeviceSpec) { d.PollInterval = durationpb.New(time.Second) })
	for i := range 50 { // warm
		idle.send(b, 0)
		busy.send(b, i)
	}
	var ours, raws []time.Duration
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		busy.send(b, i%1000)
		middle := time.Now()
		idle.send(b, 0)
		ours, raws = append(ours, middle.Sub(began)), append(raws, time.Since(middle))
	}
	b.StopTimer()
	reportQuantiles(b, ours, raws)
}

// commanded is a gateway whose devices cost nothing.
type commanded struct {
	client  *cluster.Client
	raw     *nats.Conn
	streams jetstream.JetStream
	fences  []uint64
	stored  atomic.Int64
}

// free is a device that costs nothing.
type free struct{}

func (free) Open(context.Context, actors.Device) (actors.Session, error) { return free{}, nil }

func (free) Close(context.Context) error { return nil }

func (free) Poll(context.Context, []string) ([]actors.Sample, error) {
	return []actors.Sample{{Resource: "level", Value: roostv1.Double(1)}}, nil
}

func (free) Actuate(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
	return nil, nil
}

// openCommanded serves devices that are polled once an hour, if change does not say otherwise.
func openCommanded(b *testing.B, url string, devices int, change func(*roostv1.DeviceSpec)) *commanded {
	b.Helper()
	connect := func(id string) *nats.Conn {
		nc, err := cluster.ConnectGateway(url, id, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(nc.Close)
		return nc
	}
	g, err := gateway.New(gateway.Config{ID: "gw-1", Conn: connect("gw-1"), Drivers: map[string]actors.Driver{"free": free{}}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			b.Error(err)
		}
	})
	b.Cleanup(func() {
		cancel()
		running.Wait()
	})
	if err := g.Ready(b.Context()); err != nil {
		b.Fatal(err)
	}
	c := &commanded{raw: connect("raw")}
	if c.client, err = cluster.NewClient(connect("client"), cluster.DefaultFleet); err != nil {
		b.Fatal(err)
	}
	if c.streams, err = jetstream.New(c.raw); err != nil {
		b.Fatal(err)
	}
	c.register(b, devices, change)
	c.openRaw(b)
	return c
}

// register adds the devices, and waits until each has carried out a command.
func (c *commanded) register(b *testing.B, devices int, change func(*roostv1.DeviceSpec)) {
	b.Helper()
	fleet := &roostv1.Fleet{Profiles: []*roostv1.Profile{{Id: "free", Resources: []*roostv1.Resource{
		{Name: "level", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Access: roostv1.Access_ACCESS_READ_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_RELATIVE},
	}}}}
	for i := range devices {
		d := &roostv1.DeviceSpec{Id: "free-" + strconv.Itoa(i), Profile: "free", Driver: "free", PollInterval: durationpb.New(time.Hour)}
		if change != nil {
			change(d)
		}
		fleet.Devices = append(fleet.Devices, d)
	}
	if _, err := c.client.Apply(b.Context(), fleet); err != nil {
		b.Fatal(err)
	}
	for i := range devices {
		c.send(b, i)
	}
}

// send sends one command to a device, and waits for its end.
func (c *commanded) send(b *testing.B, device int) *roostv1.CommandRecord {
	record, err := c.client.Send(context.Background(), &roostv1.Command{
		DeviceId: "free-" + strconv.Itoa(device), Name: "set", Arguments: map[string]*roostv1.Value{"level": roostv1.Double(1)},
		QueueWhileAway: true,
	}, 20*time.Second)
	if err != nil || record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
		b.Errorf("command to device %d: %v, %v", device, record, err)
	}
	return record
}

// openRaw makes the stream that raw clients write to, as durable as the control stream, with a fence on
// each of 100 subjects.
func (c *commanded) openRaw(b *testing.B) {
	b.Helper()
	names, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		b.Fatal(err)
	}
	control, err := c.streams.Stream(b.Context(), names.ControlStream())
	if err != nil {
		b.Fatal(err)
	}
	config := control.CachedInfo().Config
	config.Name, config.Subjects = "RAW", []string{"raw.>"}
	if _, err := c.streams.CreateStream(b.Context(), config); err != nil {
		b.Fatal(err)
	}
	for i := range 100 {
		ack, err := c.streams.Publish(b.Context(), fmt.Sprintf("raw.own.%d", i), []byte("owner"))
		if err != nil {
			b.Fatal(err)
		}
		c.fences = append(c.fences, ack.Sequence)
	}
}

// storeThree stores what a command is stored as, one message after the other.
func (c *commanded) storeThree(b *testing.B, final *roostv1.CommandRecord) {
	for _, data := range sizes(final) {
		c.store(b, 0, data)
	}
}

// sizes are messages of the size that a command's three records have.
func sizes(final *roostv1.CommandRecord) [3][]byte {
	var all [3][]byte
	for i := range all {
		r := proto.CloneOf(final)
		r.Transitions = r.Transitions[:min(i+1, len(r.Transitions))]
		data, err := proto.Marshal(r)
		if err != nil {
			panic(err)
		}
		all[i] = data
	}
	return all
}

func (c *commanded) store(b *testing.B, fence int, data []byte) {
	_, err := c.streams.PublishMsg(context.Background(), &nats.Msg{
		Subject: fmt.Sprintf("raw.cmd.%d.%d", fence, c.stored.Add(1)%1000), Data: data,
		Header: nats.Header{
			jetstream.ExpectedLastSubjSeqHeader:           {strconv.FormatUint(c.fences[fence], 10)},
			"Nats-Expected-Last-Subject-Sequence-Subject": {fmt.Sprintf("raw.own.%d", fence)},
		},
	})
	if err != nil {
		b.Error(err)
	}
}

// storeMany stores n messages, one on its way for each fence.
func (c *commanded) storeMany(b *testing.B, n int, final *roostv1.CommandRecord) {
	data := sizes(final)
	var next atomic.Int64
	var writers sync.WaitGroup
	for fence := range c.fences {
		writers.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				c.store(b, fence, data[i%3])
			}
		})
	}
	writers.Wait()
}

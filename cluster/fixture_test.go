package cluster_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// newFleet makes the streams of the fleet "test".
func newFleet(tb testing.TB, hub *clustertest.Hub) cluster.Subjects {
	tb.Helper()
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		tb.Fatal(err)
	}
	if err := (cluster.Schema{}).Ensure(tb.Context(), hub.Connect(tb), names); err != nil {
		tb.Fatal(err)
	}
	return names
}

func newClient(tb testing.TB, hub *clustertest.Hub) *cluster.Client {
	tb.Helper()
	client, err := cluster.NewClient(hub.Connect(tb), "test")
	if err != nil {
		tb.Fatal(err)
	}
	return client
}

// thermometer is a profile with one reading and one setting.
func thermometer() *roostv1.Profile {
	return &roostv1.Profile{Id: "thermometer", Resources: []*roostv1.Resource{
		{Name: "temperature", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel", Access: roostv1.Access_ACCESS_READ},
		{Name: "limit", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE, Unit: "Cel", Access: roostv1.Access_ACCESS_READ_WRITE,
			WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE},
	}}
}

func newDevice(id string) *roostv1.DeviceSpec {
	return &roostv1.DeviceSpec{Id: id, Profile: "thermometer", Driver: "sim"}
}

// seconds is a duration of n seconds.
func seconds(n int64) *durationpb.Duration { return &durationpb.Duration{Seconds: n} }

func fleetOf(devices ...*roostv1.DeviceSpec) *roostv1.Fleet {
	return &roostv1.Fleet{Profiles: []*roostv1.Profile{thermometer()}, Devices: devices}
}

// apply registers devices with the profile thermometer.
func apply(tb testing.TB, client *cluster.Client, devices ...*roostv1.DeviceSpec) {
	tb.Helper()
	if _, err := client.Apply(tb.Context(), fleetOf(devices...)); err != nil {
		tb.Fatal(err)
	}
}

// await takes from a channel until one is wanted, and returns that.
func await[T any](tb testing.TB, what string, from <-chan T, wanted func(T) bool) T {
	tb.Helper()
	for {
		select {
		case got := <-from:
			if wanted(got) {
				return got
			}
		case <-tb.Context().Done():
			tb.Fatalf("%s: %v", what, context.Cause(tb.Context()))
		}
	}
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

// host stands in for a gateway's actors: it serves what it is given at once.
type host struct {
	gateway string
	calls   chan hostCall // what was asked of it
	leases  chan bool     // whether it was suspended

	cluster  atomic.Pointer[cluster.Gateway] // that it is in
	handed   chan handOver                   // what it was handed
	refusals chan error                      // why records were not written
	take     func(bus string, epoch uint64, open []*roostv1.OpenCommand)

	withdraw func(ctx context.Context, bus string) // what has to end before a bus is put down
	assign   func(*roostv1.Assignment)             // what has to end before a bus is served

	mu      sync.Mutex
	buses   map[string]*roostv1.Assignment
	fail    map[string]int // how often Assign of a bus is still to fail
	release []string

	suspended bool
}

// hostCall is an Assign, or without an assignment a Withdraw.
type hostCall struct {
	bus        string
	assignment *roostv1.Assignment
	at         time.Time
}

func newHost(gateway string) *host {
	return &host{gateway: gateway, handed: make(chan handOver, 1<<14), refusals: make(chan error, 1<<10), calls: make(chan hostCall, 1<<16), leases: make(chan bool, 1<<10), buses: map[string]*roostv1.Assignment{}, fail: map[string]int{}}
}

func (h *host) Assign(_ context.Context, a *roostv1.Assignment) error {
	if h.assign != nil {
		h.assign(a)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail[a.Bus] > 0 {
		h.fail[a.Bus]--
		return roostv1.Errorf(roostv1.ErrBusy, "the host is busy")
	}
	h.buses[a.Bus] = a
	h.calls <- hostCall{bus: a.Bus, assignment: a, at: time.Now()}
	return nil
}

func (h *host) Withdraw(ctx context.Context, bus string) error {
	if h.withdraw != nil {
		h.withdraw(ctx, bus)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.buses, bus)
	h.calls <- hostCall{bus: bus, at: time.Now()}
	return nil
}

func (h *host) Suspend() { h.setSuspended(true) }

func (h *host) Resume() { h.setSuspended(false) }

func (h *host) setSuspended(yes bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.suspended = yes
	h.leases <- yes
}

func (h *host) Release(_ context.Context, device string) error {
	if _, ok := h.Status(device); !ok {
		return roostv1.Errorf(roostv1.ErrNotOwner, "device %s is not served here", device)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.release = append(h.release, device)
	return nil
}

func (h *host) Statuses(after string, limit int) ([]*roostv1.DeviceStatus, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*roostv1.DeviceStatus
	for _, a := range h.buses {
		for _, d := range a.Devices {
			if d.Id > after {
				all = append(all, h.status(a, d))
			}
		}
	}
	slices.SortFunc(all, func(a, b *roostv1.DeviceStatus) int { return cmp.Compare(a.DeviceId, b.DeviceId) })
	return all[:min(limit, len(all))], len(all) > limit
}

func (h *host) Buses(after string, limit int) ([]*roostv1.BusStatus, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*roostv1.BusStatus
	for _, a := range h.buses {
		if a.Bus > after {
			all = append(all, &roostv1.BusStatus{Bus: a.Bus, Gateway: h.gateway, Epoch: a.Epoch, Devices: uint32(len(a.Devices)), Answering: uint32(len(a.Devices))})
		}
	}
	slices.SortFunc(all, func(a, b *roostv1.BusStatus) int { return cmp.Compare(a.Bus, b.Bus) })
	return all[:min(limit, len(all))], len(all) > limit
}

func (h *host) Status(device string) (*roostv1.DeviceStatus, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.buses {
		for _, d := range a.Devices {
			if d.Id == device {
				return h.status(a, d), true
			}
		}
	}
	return nil, false
}

func (h *host) status(a *roostv1.Assignment, d *roostv1.DeviceSpec) *roostv1.DeviceStatus {
	return &roostv1.DeviceStatus{
		DeviceId: d.Id, State: roostv1.DeviceState_DEVICE_STATE_ONLINE, Gateway: h.gateway, Epoch: a.Epoch, Bus: a.Bus,
		Profile: d.Profile, Driver: d.Driver, Labels: maps.Clone(d.Labels), AdminState: d.AdminState, SpecRevision: d.Revision,
	}
}

// assigned waits until a bus was assigned as wanted.
func (h *host) assigned(tb testing.TB, bus string, wanted func(*roostv1.Assignment) bool) *roostv1.Assignment {
	tb.Helper()
	return await(tb, "assignment of bus "+bus, h.calls, func(c hostCall) bool {
		return c.bus == bus && c.assignment != nil && (wanted == nil || wanted(c.assignment))
	}).assignment
}

// served are the buses that the host has.
func (h *host) served() map[string]*roostv1.Assignment {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.buses)
}

// withdrawn waits until a bus was withdrawn.
func (h *host) withdrawn(tb testing.TB, bus string) {
	tb.Helper()
	await(tb, "withdrawal of bus "+bus, h.calls, func(c hostCall) bool { return c.bus == bus && c.assignment == nil })
}

// startGateway runs a gateway until the test ends or stop is called.
func startGateway(tb testing.TB, hub *clustertest.Hub, h *host, change ...func(*cluster.Config)) (g *cluster.Gateway, stop func()) {
	tb.Helper()
	newFleet(tb, hub)
	config := cluster.Config{
		Fleet: "test", ID: h.gateway, Version: "v1", Conn: hub.Connect(tb), Host: h, Logger: clustertest.Logger(tb),
		LeaveTimeout: askWait, // the disk may be slow
		Lease:        lease.Terms{Lease: time.Second},
	}
	for _, c := range change {
		c(&config)
	}
	return runGateway(tb, config)
}

// runGateway runs a gateway until the test ends or stop is called.
func runGateway(tb testing.TB, config cluster.Config) (g *cluster.Gateway, stop func()) {
	tb.Helper()
	g, err := cluster.NewGateway(config)
	if err != nil {
		tb.Fatal(err)
	}
	if h, ok := config.Host.(*host); ok {
		h.cluster.Store(g)
	}
	return g, runs(tb, g.Run)
}

// publish puts a message into a stream as any NATS client could.
func publish(tb testing.TB, nc *nats.Conn, subject string, data []byte) {
	tb.Helper()
	if _, err := nc.Request(subject, data, askWait); err != nil {
		tb.Fatalf("publish to %s: %v", subject, err)
	}
}

func encode(tb testing.TB, m proto.Message) []byte {
	tb.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

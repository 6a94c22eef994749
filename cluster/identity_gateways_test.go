package cluster_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestReadingsAsOneself: a gateway stores readings under its own name only, and a viewer reads them.
func TestReadingsAsOneself(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	link := f.hub.Dial(t, "g1")
	store := func(as string, b *roostv1.ReadingBatch) error {
		r := cluster.NewReadings(link.Data, f.names, as, clustertest.Logger(t))
		stop := runs(t, r.Run)
		defer stop()
		done := make(chan error, 1)
		r.Store(b, func(err error) { done <- err })
		return <-done
	}
	if err := store("g1", sampleBatch("d1", 9, 1, 3)); err != nil {
		t.Errorf("as itself: got %v", err)
	}
	if err := store("g2", sampleBatch("d1", 9, 4, 1)); err == nil {
		t.Error("as another one: it was stored")
	}
	read := 0
	for b, err := range f.client(t, "vic").Readings(t.Context(), cluster.ReadingsQuery{Device: "d1"}) {
		if err != nil {
			t.Fatal(err)
		}
		read += len(b.Readings)
	}
	if read != 3 {
		t.Errorf("read %d readings, want 3", read)
	}
}

// TestBatchesOfASecuredHub: what goes to the hub in atomic batches does so through its accounts as well.
func TestBatchesOfASecuredHub(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	const many = 40
	var devices []*roostv1.DeviceSpec
	for i := range many {
		devices = append(devices, sited(fmt.Sprintf("many-%02d", i), "north"))
	}
	if applied, err := f.client(t, "ann").Apply(t.Context(), fleetOf(devices...)); err != nil || len(applied.Devices) != many {
		t.Fatalf("got %d devices, %v", len(applied.Devices), err)
	}
	await(t, "assignment of all", f.host.calls, func(hostCall) bool { return len(f.host.served()) == many+2 })
	r := cluster.NewReadings(f.hub.Dial(t, "g1").Data, f.names, "g1", clustertest.Logger(t))
	done := make(chan error, many)
	for _, d := range devices { // all wait when it begins, so they go together
		r.Store(sampleBatch(d.Id, 9, 1, 2), func(err error) { done <- err })
	}
	runs(t, r.Run)
	for range devices {
		if err := take(t, "word of a batch", done); err != nil {
			t.Error(err)
		}
	}
}

// TestReadingsOfAnotherDevice: what is stored at one device's subject is not taken for another one's.
func TestReadingsOfAnotherDevice(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	put(t, hub.Connect(t), names.Reading("d1", "g1"), encode(t, sampleBatch("d2", 9, 1, 1)))
	for b, err := range newClient(t, hub).Readings(t.Context(), cluster.ReadingsQuery{}) {
		if b != nil || !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("got %v, %v, want ErrInvalid", b, err)
		}
	}
}

// TestPeersOfASecuredHub: actors of two gateways reach each other's devices, and events are heard.
func TestPeersOfASecuredHub(t *testing.T) {
	f := newSecuredFleet(t, newHost("g1"))
	second := newDelivered("g2")
	link, err := cluster.ConnectGatewayAs(f.hub.Credential("g2"), clustertest.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	host := newHost("g2")
	runGateway(t, cluster.Config{
		Fleet: "test", ID: "g2", Conn: link.Data, Talk: link.Talk, Host: host, Live: second,
		Logger: clustertest.Logger(t), LeaveTimeout: askWait,
	})
	there := only("there", "g2")
	apply(t, f.client(t, "ann"), there)
	routed(t, f.g1, "there", "g2")
	got := take(t, "read", asks(t.Context(), t, f.g1.Peers(), "there", &roostv1.Read{}))
	if r, ok := got.message.(*roostv1.ReadResult); !ok || r.Gateway != "g2" {
		t.Errorf("got %v, %v, want the answer of g2", got.message, got.err)
	}
}

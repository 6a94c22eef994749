package cluster_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// follow runs a follower and returns its picture and what it reports.
func follow(tb testing.TB, hub *clustertest.Hub, names cluster.Subjects) (*cluster.Picture, <-chan *roostv1.Event) {
	tb.Helper()
	picture := cluster.NewPicture(names)
	reports := make(chan *roostv1.Event, 1000)
	f, err := cluster.NewFollower(hub.Connect(tb), names, picture, func(e *roostv1.Event) { reports <- e }, clustertest.Logger(tb))
	if err != nil {
		tb.Fatal(err)
	}
	runs(tb, f.Run)
	if err := picture.Wait(tb.Context(), 0); err != nil {
		tb.Fatal(err)
	}
	return picture, reports
}

// put writes a record and returns its sequence.
func put(tb testing.TB, nc *nats.Conn, subject string, data []byte) uint64 {
	tb.Helper()
	reply, err := nc.Request(subject, data, askWait)
	if err != nil {
		tb.Fatalf("put %s: %v", subject, err)
	}
	var ack struct {
		Seq   uint64
		Error any
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil || ack.Error != nil {
		tb.Fatalf("put %s: %s", subject, reply.Data)
	}
	return ack.Seq
}

func TestPictureFollows(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	put(t, nc, names.Device("d1"), encode(t, newDevice("d1"))) // before its profile, as in a listing
	put(t, nc, names.Profile("thermometer"), encode(t, thermometer()))
	picture, _ := follow(t, hub, names)
	last := put(t, nc, names.Owner("d1"), []byte(`{"bus":"d1","gateway":"g1","incarnation":"i1"}`)) // JSON does as well
	if err := picture.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	owner, devices := picture.Bus("d1")
	if want := (cluster.Owner{Gateway: "g1", Incarnation: "i1", Epoch: last}); owner != want {
		t.Errorf("owner: got %v, want %v", owner, want)
	}
	if diff := cmp.Diff([]*roostv1.DeviceSpec{newDevice("d1")}, devices, protocmp.Transform()); diff != "" {
		t.Errorf("devices (-want +got):\n%s", diff)
	}
	if picture.Profile("thermometer") == nil || picture.Sequence(cluster.Key{Kind: cluster.KindBus, ID: "d1"}) != last {
		t.Error("profile or sequence is missing")
	}
}

// TestPictureSurvivesRestart: after the hub was away, and after its consumer was lost, the picture goes on
// with nothing missed, and what is gone from the stream is gone from the picture.
func TestPictureSurvivesRestart(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	put(t, nc, names.Device("d1"), encode(t, newDevice("d1")))
	put(t, nc, names.Device("d2"), encode(t, newDevice("d2")))
	put(t, nc, names.Owner("d2"), encode(t, &roostv1.Ownership{Bus: "d2", Gateway: "g1"}))
	picture, _ := follow(t, hub, names)
	changes := picture.Watch()
	defer changes.Close()

	hub.Restart()
	renamed := newDevice("d1")
	renamed.Description = "changed"
	var last uint64
	js := jetStream(t, nc)
	retry(t, func() error {
		ack, err := js.Publish(t.Context(), names.Device("d1"), encode(t, renamed))
		if err != nil {
			return roostv1.ErrUnavailable
		}
		last = ack.Sequence
		return nil
	})
	if err := picture.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if got := picture.Device("d1").GetDescription(); got != "changed" {
		t.Errorf("after the restart: got %q", got)
	}

	// The consumer is taken away, and a record with it.
	stream, err := js.Stream(t.Context(), names.ControlStream())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(names.Device("d2"))); err != nil {
		t.Fatal(err)
	}
	if err := stream.Purge(t.Context(), jetstream.WithPurgeSubject(names.Owner("d2"))); err != nil {
		t.Fatal(err)
	}
	for info := range stream.ListConsumers(t.Context()).Info() {
		if err := stream.DeleteConsumer(t.Context(), info.Name); err != nil {
			t.Fatal(err)
		}
	}
	last = put(t, nc, names.Device("d3"), encode(t, newDevice("d3")))
	if err := picture.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	for picture.Device("d2") != nil || picture.Owner("d2") != (cluster.Owner{}) {
		select { // the sweep comes with the end of the listing
		case <-changes.Ready():
			changes.Take()
		case <-t.Context().Done():
			t.Fatal("what is gone from the stream is still in the picture")
		}
	}
	if got := picture.DeviceIDs(); !slices.Equal(got, []string{"d1", "d3"}) {
		t.Errorf("devices: got %v", got)
	}
}

func jetStream(tb testing.TB, nc *nats.Conn) jetstream.JetStream {
	tb.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		tb.Fatal(err)
	}
	return js
}

// TestPictureNewStream: when the stream is another one, with lower sequences, the old picture is forgotten.
func TestPictureNewStream(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	for range 10 {
		put(t, nc, names.Device("d1"), encode(t, newDevice("d1")))
	}
	picture, _ := follow(t, hub, names)
	changes := picture.Watch()
	defer changes.Close()
	if err := jetStream(t, nc).DeleteStream(t.Context(), names.ControlStream()); err != nil {
		t.Fatal(err)
	}
	newFleet(t, hub)
	put(t, nc, names.Device("d2"), encode(t, newDevice("d2")))
	for picture.Device("d2") == nil || picture.Device("d1") != nil {
		select {
		case <-changes.Ready():
			changes.Take()
		case <-t.Context().Done():
			t.Fatal("the picture is of the old stream")
		}
	}
}

// TestPictureBadRecords: what cannot be used is reported once, with its subject and sequence, and
// harms nothing else; what was known before stays.
func TestPictureBadRecords(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	put(t, nc, names.Device("good"), encode(t, newDevice("good")))
	put(t, nc, names.Owner("good"), encode(t, &roostv1.Ownership{Bus: "good", Gateway: "g1"}))

	garbage := []byte{0xff, 0xff, 0xff, 0xff}
	wrongID := encode(t, newDevice("other"))
	bad := map[string][]byte{
		names.Device("d1"):   garbage,
		names.Device("d2"):   []byte(`{"id": 7`),
		names.Device("d3"):   []byte(`{"id": "d3", "colour": "red"}`),
		names.Device("d4"):   {},
		names.Device("d5"):   wrongID,
		names.Device("d6"):   encode(t, &roostv1.DeviceSpec{Id: "d6"}), // no profile, no driver
		names.Device("good"): garbage,
		names.Profile("p1"):  garbage,
		names.Profile("p2"):  encode(t, &roostv1.Profile{Id: "p3"}),
		names.Member("g1"):   garbage,
		names.Owner("good"):  garbage,
		names.Owner("b2"):    encode(t, &roostv1.Ownership{Bus: "b2", Gateway: "not an id"}),
		names.Desired("d1"):  garbage,
		names.Desired("d2"):  encode(t, &roostv1.Desired{DeviceId: "d3"}),
	}
	bad[names.Command("d1", "c1")] = garbage
	bad[names.Command("d1", "c2")] = encode(t, &roostv1.CommandRecord{DeviceId: "d1", CommandId: "c3", State: succeeded})
	bad[names.Command("d1", "c4")] = encode(t, &roostv1.CommandRecord{DeviceId: "d1", CommandId: "c4", State: accepted}) // no command
	bad[names.Command("d1", "c5")] = encode(t, &roostv1.CommandRecord{DeviceId: "d1", CommandId: "c5"})                  // no state
	bad[names.Command("d1", "odd$")] = garbage
	bad[names.Cancel("d1", "c1")] = garbage
	bad[names.Cancel("d1", "c2")] = encode(t, &roostv1.Cancellation{DeviceId: "d1", CommandId: "c3"})
	bad[names.Device("odd$")] = encode(t, newDevice("odd$"))
	picture, reports := follow(t, hub, names)
	var last uint64
	sequences := map[string]uint64{}
	for subject, data := range bad {
		last = put(t, nc, subject, data)
		sequences[subject] = last
	}
	last = put(t, nc, names.Device("after"), encode(t, newDevice("after")))
	if err := picture.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if got := picture.DeviceIDs(); !slices.Equal(got, []string{"after", "good"}) {
		t.Errorf("devices: got %v", got)
	}
	if got := picture.Owner("good"); got.Gateway != "" || got.Epoch != sequences[names.Owner("good")] {
		t.Errorf("owner after an unusable record: got %v", got)
	}
	// Listed once more, they are not reported again: exactly one report each.
	js := jetStream(t, nc)
	for info := range mustStream(t, js, names.ControlStream()).ListConsumers(t.Context()).Info() {
		if err := js.DeleteConsumer(t.Context(), names.ControlStream(), info.Name); err != nil {
			t.Fatal(err)
		}
	}
	last = put(t, nc, names.Device("last"), encode(t, newDevice("last")))
	if err := picture.Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	if got := len(reports); got != len(bad) {
		t.Errorf("got %d reports, want %d", got, len(bad))
	}
	for range len(reports) {
		e := <-reports
		if e.Kind != roostv1.EventKind_EVENT_KIND_BAD_RECORD || !errors.Is(e.Status.Err(), roostv1.ErrInvalid) {
			t.Errorf("report: got %v", e)
		}
		found := false
		for subject, sequence := range sequences {
			found = found || strings.Contains(e.Message, fmt.Sprintf("%s at sequence %d ", subject, sequence))
		}
		if !found {
			t.Errorf("report names no subject and sequence of a bad record: %s", e.Message)
		}
	}
}

func mustStream(tb testing.TB, js jetstream.JetStream, name string) jetstream.Stream {
	tb.Helper()
	stream, err := js.Stream(tb.Context(), name)
	if err != nil {
		tb.Fatal(err)
	}
	return stream
}

// TestWaitEnds: a wait for what does not come ends with its context.
func TestWaitEnds(t *testing.T) {
	hub := clustertest.Start(t)
	picture, _ := follow(t, hub, newFleet(t, hub))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := picture.Wait(ctx, 1<<40); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}

// FuzzPictureRecord: whatever bytes a record has, following it neither panics nor takes in a device
// under another id. The hub is real, so that the bytes come as they would.
func FuzzPictureRecord(f *testing.F) {
	for _, seed := range [][]byte{nil, {0xff}, []byte("{"), []byte(`{"id":"d1","profile":"p","driver":"sim"}`), []byte("\x0a\x02d1\x12\x01x")} {
		f.Add(seed)
	}
	hub := clustertest.Start(f)
	names := newFleet(f, hub)
	nc := hub.Connect(f)
	picture := cluster.NewPicture(names)
	follower, err := cluster.NewFollower(hub.Connect(f), names, picture, nil, clustertest.Logger(f))
	if err != nil {
		f.Fatal(err)
	}
	runs(f, follower.Run)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, subject := range []string{names.Device("d1"), names.Profile("d1"), names.Member("d1"), names.Owner("d1"), names.Desired("d1"), names.Command("d1", "c1"), names.Cancel("d1", "c1")} {
			if err := picture.Wait(t.Context(), put(t, nc, subject, data)); err != nil {
				t.Fatal(err)
			}
		}
		if d := picture.Device("d1"); d != nil && d.Id != "d1" {
			t.Errorf("device d1 is %q in the picture", d.Id)
		}
	})
}

// BenchmarkPicture lists a large registry, with many commands that have not ended, and tells what the picture of both
// costs.
func BenchmarkPicture(b *testing.B) {
	const devices, commands = 100_000, 10_000
	hub := clustertest.Start(b)
	names := newFleet(b, hub)
	registry := cluster.NewRegistry(hub.Connect(b), names)
	fleet := fleetOf()
	for i := range devices {
		d := newDevice(fmt.Sprintf("device-%06d", i))
		d.Address = map[string]string{"host": "10.0.0.1", "port": "502"}
		d.Labels = map[string]string{"site": "north", "line": fmt.Sprint(i % 40)}
		fleet.Devices = append(fleet.Devices, d)
	}
	if _, err := registry.Apply(b.Context(), fleet); err != nil {
		b.Fatal(err)
	}
	fleet = nil
	nc := hub.Connect(b)
	list := func(b *testing.B) int64 {
		before := heap()
		picture := cluster.NewPicture(names)
		follower, err := cluster.NewFollower(nc, names, picture, nil, clustertest.Logger(b))
		if err != nil {
			b.Fatal(err)
		}
		if err := follower.List(b.Context()); err != nil {
			b.Fatal(err)
		}
		used := heap() - before
		runtime.KeepAlive(picture)
		return used
	}
	for b.Loop() {
		used := list(b)
		b.ReportMetric(float64(used)/1e6, "MB")
		b.ReportMetric(float64(used)/devices, "B/device")
		b.StopTimer()
		openMany(b, nc, names, commands)
		b.ReportMetric(float64(list(b)-used)/commands, "B/command")
		b.StartTimer()
	}
}

// openMany writes the acceptances of many commands.
func openMany(b *testing.B, nc *nats.Conn, names cluster.Subjects, many int) {
	js := jetStream(b, nc)
	for i := range many {
		device, id := fmt.Sprintf("device-%06d", i%1000), fmt.Sprintf("0190a5b1-7a3c-7def-8123-%012d", i)
		c := setLimit(id, device)
		c.Sender, c.Reason = "operator@example.org", "a benchmark"
		_, err := js.PublishAsync(names.Command(device, id), encode(b, &roostv1.CommandRecord{
			DeviceId: device, CommandId: id, State: accepted, Command: c, Gateway: "g1", Nonce: id,
			Transitions: []*roostv1.CommandTransition{{State: accepted, Gateway: "g1"}},
		}), jetstream.WithStallWait(time.Minute))
		if err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

package load_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// runs does something until the test ends.
func runs(t *testing.T, act func(context.Context) error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- act(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// way is a hub, and a gateway's store of readings that reaches it through a proxy that looks at what passes.
type way struct {
	*proxy.Proxy
	hub      *clustertest.Hub
	names    cluster.Subjects
	acks     *load.Acks
	out      *history.Writer
	file     bytes.Buffer
	readings *cluster.Readings
	nc       *nats.Conn // through the proxy
}

func newWay(t *testing.T) *way {
	t.Helper()
	w := &way{hub: clustertest.Start(t)}
	var err error
	if w.names, err = cluster.SubjectsOf("f1"); err != nil {
		t.Fatal(err)
	}
	if err := (cluster.Schema{}).Ensure(t.Context(), w.hub.Connect(t), w.names); err != nil {
		t.Fatal(err)
	}
	if w.out, err = history.NewWriter(&w.file, history.Header{Name: "acks"}); err != nil {
		t.Fatal(err)
	}
	w.acks = load.NewAcks(w.names, w.out)
	if w.Proxy, err = proxy.New(proxy.Config{Target: strings.TrimPrefix(w.hub.URL(), "nats://"), Tap: w.acks.Tap}); err != nil {
		t.Fatal(err)
	}
	runs(t, w.Run)
	nc, err := nats.Connect("nats://" + w.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	w.nc = nc
	w.readings = cluster.NewReadings(nc, w.names, "g1", clustertest.Logger(t))
	w.readings.FlushTimeout = 10 * time.Millisecond
	runs(t, w.readings.Run)
	return w
}

// store stores batches of two readings at one time, one for each device, and waits for their outcomes.
func (w *way) store(t *testing.T, many int, epoch uint64) (failed int) {
	t.Helper()
	var open sync.WaitGroup
	var mu sync.Mutex
	for i := range many {
		open.Add(1)
		b := &roostv1.ReadingBatch{DeviceId: fmt.Sprintf("d%d", i), Gateway: "g1", Epoch: epoch, FirstSequence: 3, Readings: []*roostv1.Reading{
			{Resource: "value", Value: roostv1.Double(1)}, {Resource: "value", Value: roostv1.Double(2)},
		}}
		w.readings.Store(b, func(err error) {
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed++
			}
			open.Done()
		})
	}
	open.Wait()
	return failed
}

// acked returns what was written down, by the sequence in the stream.
func (w *way) acked(t *testing.T) map[uint64]string {
	t.Helper()
	w.acks.Stop()
	file, err := history.Decode(bytes.NewReader(w.file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	all := map[uint64]string{}
	for _, r := range file.Records {
		switch r := r.(type) {
		case *history.Acked:
			all[r.Sequence] = fmt.Sprintf("%s/%d/%d-%d", r.Device, r.Epoch, r.First, r.End())
		case *history.Lease:
			all[r.Sequence] = fmt.Sprintf("%s %s over %d, on its way: %v", r.Name(), r.State, r.Previous, r.OnWay)
		}
	}
	return all
}

// stored returns what the stream has, in the same form.
func (w *way) stored(t *testing.T) map[uint64]string {
	t.Helper()
	all := map[uint64]string{}
	if err := load.Stored(t.Context(), w.hub.Connect(t), w.names, history.Clocks{}, func(s *history.Stored) error {
		all[s.Sequence] = fmt.Sprintf("%s/%d/%d-%d", s.Device, s.Epoch, s.First, s.End())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAcks: each acknowledgement of readings is seen on its way, of single messages and of those that go in one atomic batch,
// with its place in the stream.
func TestAcks(t *testing.T) {
	w := newWay(t)
	for epoch, many := range []int{1, 3, 100} {
		if failed := w.store(t, many, uint64(epoch+1)); failed > 0 {
			t.Fatalf("%d of %d were not stored", failed, many)
		}
	}
	got, want := w.acked(t), w.stored(t)
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 104 {
		t.Errorf("%d are stored; acknowledged, as it was seen: %s", len(want), diff)
	}
}

// TestLostAcks: an acknowledgement that does not arrive was given all the same. What came after Stop is not written.
func TestLostAcks(t *testing.T) {
	w := newWay(t)
	if failed := w.store(t, 1, 1); failed > 0 {
		t.Fatal("it was not stored")
	}
	fired := w.Link("").Arm(proxy.Trigger{Direction: proxy.Up, Verb: proxy.VerbPub, Count: 1, Then: proxy.State{Down: proxy.Discard}})
	failed := make(chan int, 1)
	go func() { failed <- w.store(t, 1, 2) }()
	<-fired
	for tick := time.Tick(time.Millisecond); w.Link("").Counters().Messages[proxy.Down][proxy.VerbPubAck] < 2; <-tick {
		if t.Context().Err() != nil {
			t.Fatal("no acknowledgement came")
		}
	}
	got := w.acked(t)
	w.Link("").Set(proxy.State{})
	if len(got) != 2 || got[2] != "d0/2/3-5" {
		t.Errorf("acknowledged: %v", got)
	}
	if <-failed == 0 {
		t.Error("it was told that it is stored")
	}
	if w.store(t, 1, 3) > 0 {
		t.Error("nothing passes any more")
	}
	if after := w.acked(t); len(after) != 2 {
		t.Errorf("after the end: %v", after)
	}
}

// TestAckedLeases: records of leases that were acknowledged are seen, with what they replaced, and those that were refused are not.
func TestAckedLeases(t *testing.T) {
	w := newWay(t)
	js, err := jetstream.New(w.nc)
	if err != nil {
		t.Fatal(err)
	}
	for i, expect := range []uint64{0, 1, 7} {
		member := &roostv1.Member{GatewayId: "g1", Incarnation: "i1", State: roostv1.MemberState_MEMBER_STATE_LIVE}
		data, err := roostv1.Marshal(member, false)
		if err != nil {
			t.Fatal(err)
		}
		_, err = js.Publish(t.Context(), w.names.Member("g1"), data, jetstream.WithExpectLastSequencePerSubject(expect))
		if refused := i == 2; (err != nil) != refused {
			t.Errorf("over %d: %v", expect, err)
		}
	}
	want := map[uint64]string{1: "g1/i1 live over 0, on its way: true", 2: "g1/i1 live over 1, on its way: true"}
	if diff := cmp.Diff(want, w.acked(t)); diff != "" {
		t.Error(diff)
	}
}

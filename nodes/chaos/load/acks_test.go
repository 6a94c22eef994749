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
		a := r.(*history.Acked)
		all[a.Sequence] = fmt.Sprintf("%s/%d/%d-%d", a.Device, a.Epoch, a.First, a.End())
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

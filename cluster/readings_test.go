package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// store stores a batch and waits for its outcome.
func store(tb testing.TB, r *cluster.Readings, b *roostv1.ReadingBatch) error {
	tb.Helper()
	done := make(chan error, 1)
	r.Store(b, func(err error) { done <- err })
	select {
	case err := <-done:
		return err
	case <-tb.Context().Done():
		tb.Fatal("done was not called")
		return nil
	}
}

// startReadings runs a store of readings until the test ends or stop is called.
func startReadings(tb testing.TB, nc *nats.Conn, names cluster.Subjects) (r *cluster.Readings, stop func()) {
	r = cluster.NewReadings(nc, names, "g1", clustertest.Logger(tb))
	return r, runs(tb, r.Run)
}

// inStream returns the readings of the stream as "device/epoch/sequence", in their order.
func inStream(tb testing.TB, hub *clustertest.Hub, names cluster.Subjects) []string {
	tb.Helper()
	js := jetStream(tb, hub.Connect(tb))
	stream := mustStream(tb, js, names.ReadingsStream())
	var got []string
	for sequence := stream.CachedInfo().State.FirstSeq; sequence <= stream.CachedInfo().State.LastSeq; sequence++ {
		m, err := stream.GetMsg(tb.Context(), sequence)
		if err != nil {
			tb.Fatal(err)
		}
		var b roostv1.ReadingBatch
		if err := proto.Unmarshal(m.Data, &b); err != nil {
			tb.Fatal(err)
		}
		for i := range b.Readings {
			got = append(got, fmt.Sprintf("%s/%d/%d", b.DeviceId, b.Epoch, b.FirstSequence+uint64(i)))
		}
	}
	return got
}

func TestReadingsStore(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r, stop := startReadings(t, hub.Connect(t), names)
	if err := store(t, r, sampleBatch("d1", 7, 1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := store(t, r, sampleBatch("d1", 7, 3, 1)); err != nil {
		t.Fatal(err)
	}
	if got, want := inStream(t, hub, names), []string{"d1/7/1", "d1/7/2", "d1/7/3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	m, err := mustStream(t, jetStream(t, hub.Connect(t)), names.ReadingsStream()).GetMsg(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Header.Get("Nats-Msg-Id"); !strings.HasSuffix(got, "/d1/7/3/4") || len(got) < len("/d1/7/3/4")+16 {
		t.Errorf("id of the second batch: got %q, want d1/7/3/4", got)
	}
	stop()
	if err := store(t, r, sampleBatch("d1", 7, 4, 1)); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("after the end: got %v, want ErrUnavailable", err)
	}
}

// TestReadingsResent: batches that are given again are stored once, alone or among many new ones.
func TestReadingsResent(t *testing.T) {
	const many = 200
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r, _ := startReadings(t, hub.Connect(t), names)
	for range 2 {
		if err := store(t, r, sampleBatch("d000", 1, 1, 2)); err != nil {
			t.Fatal(err)
		}
	}
	// The group as a whole is refused by the server, since one of it is there.
	results := make(chan error, many)
	for i := range many {
		r.Store(sampleBatch(fmt.Sprintf("d%03d", i), 1, 1, 2), func(err error) { results <- err })
	}
	for range many {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	got := inStream(t, hub, names)
	slices.Sort(got)
	if len(got) != 2*many || len(slices.Compact(got)) != 2*many {
		t.Errorf("got %d readings in the stream, want %d different ones", len(got), 2*many)
	}
}

// TestReadingsRefused: what can never be stored is refused at once, and harms nothing beside it.
func TestReadingsRefused(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r, _ := startReadings(t, hub.Connect(t), names)
	large := sampleBatch("d1", 1, 1, 1)
	large.Readings[0].Value = roostv1.Bytes(make([]byte, 2<<20))
	broken, manyBroken := sampleBatch("d1", 1, 1, 1), sampleBatch("d1", 1, 1, 100)
	broken.Readings[0].Resource = "\xff"
	manyBroken.Readings[70].Value = roostv1.Text("\xff")
	for name, b := range map[string]*roostv1.ReadingBatch{
		"nothing":       nil,
		"no device":     sampleBatch("", 1, 1, 1),
		"wildcard":      sampleBatch("*", 1, 1, 1),
		"no sequence":   sampleBatch("d1", 1, 0, 1),
		"one too large": large,
		"no UTF-8":      broken,
		"much of it":    manyBroken,
	} {
		if err := store(t, r, b); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	if err := store(t, r, sampleBatch("d1", 1, 1, 1)); err != nil {
		t.Errorf("a good one after them: %v", err)
	}
}

// TestReadingsPieces: a batch that is larger than a message goes in pieces that say the same.
func TestReadingsPieces(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r, _ := startReadings(t, hub.Connect(t), names)
	b := sampleBatch("d1", 1, 6, 20)
	b.DroppedBefore, b.MissedPolls = 5, 3
	for _, reading := range b.Readings {
		reading.Value = roostv1.Text(strings.Repeat("x", 100<<10))
	}
	if err := store(t, r, b); err != nil {
		t.Fatal(err)
	}
	var dropped, missed uint64
	var readings int
	for piece, err := range newClient(t, hub).Readings(t.Context(), cluster.ReadingsQuery{Device: "d1"}) {
		if err != nil {
			t.Fatal(err)
		}
		dropped, missed, readings = dropped+piece.DroppedBefore, missed+piece.MissedPolls, readings+len(piece.Readings)
	}
	if dropped != 5 || missed != 3 || readings != 20 {
		t.Errorf("got %d readings, %d dropped, %d missed; want 20, 5, 3", readings, dropped, missed)
	}
	if err := store(t, r, b); err != nil || len(inStream(t, hub, names)) != 20 {
		t.Errorf("given again: %v, %d readings in the stream, want 20", err, len(inStream(t, hub, names)))
	}
}

// TestReadingsHubAway: while the hub is away every batch is told so, and the same batches are stored
// when it is back.
func TestReadingsHubAway(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r, _ := startReadings(t, hub.Connect(t), names)
	hub.Stop()
	for i := range 20 {
		err := store(t, r, sampleBatch(fmt.Sprintf("d%d", i), 1, 1, 1))
		if !errors.Is(err, roostv1.ErrUnavailable) && !errors.Is(err, roostv1.ErrOutcomeUnknown) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
	}
	hub.Restart()
	for i := range 20 {
		storeUntil(t, r, sampleBatch(fmt.Sprintf("d%d", i), 1, 1, 1))
	}
	if got := inStream(t, hub, names); len(got) != 20 {
		t.Errorf("got %d readings, want 20", len(got))
	}
}

// storeUntil gives a batch again until it is stored, as a device does.
func storeUntil(tb testing.TB, r *cluster.Readings, b *roostv1.ReadingBatch) {
	tb.Helper()
	for {
		err := store(tb, r, b)
		if err == nil {
			return
		}
		if tb.Context().Err() != nil || errors.Is(err, roostv1.ErrInvalid) {
			tb.Errorf("store: %v", err)
			return
		}
	}
}

// TestReadingsHubKilled kills the hub, again and again, while a fleet stores as fast as it can, and
// starts it on what is on its disk. Nothing that was acknowledged is lost, and nothing is there twice.
func TestReadingsHubKilled(t *testing.T) {
	t.Parallel() // it mostly waits
	const devices, kills, batches = 120, 3, 60
	hub := clustertest.StartProcess(t)
	names := newFleet(t, hub)
	r, stop := startReadings(t, hub.Connect(t), names)

	stored := make(chan struct{}, devices*batches)
	var running sync.WaitGroup
	for d := range devices {
		running.Go(func() {
			for i := range batches {
				storeUntil(t, r, sampleBatch(fmt.Sprintf("d%03d", d), 1, uint64(2*i+1), 2))
				stored <- struct{}{}
			}
		})
	}
	for range kills {
		for range devices * batches / (kills + 2) {
			<-stored
		}
		hub.Kill()
		hub.Restart()
	}
	running.Wait()
	stop()
	checkSeries(t, hub, names, devices, 2*batches)
}

// checkSeries checks that the stream has each device's readings 1 to n, once and in order.
func checkSeries(tb testing.TB, hub *clustertest.Hub, names cluster.Subjects, devices, n int) {
	tb.Helper()
	next := map[string]uint64{}
	messages := 0
	err := readAll(tb, hub, names, func(b *roostv1.ReadingBatch) {
		messages++
		if want := next[b.DeviceId] + 1; b.FirstSequence != want {
			tb.Errorf("device %s: a batch begins with %d, want %d", b.DeviceId, b.FirstSequence, want)
		}
		next[b.DeviceId] = b.FirstSequence + uint64(len(b.Readings)) - 1
	})
	if err != nil {
		tb.Fatal(err)
	}
	if len(next) != devices {
		tb.Errorf("got readings of %d devices, want %d", len(next), devices)
	}
	for device, last := range next {
		if last != uint64(n) {
			tb.Errorf("device %s: got %d readings, want %d", device, last, n)
		}
	}
}

// readAll reads what is in the stream, with nothing left out of it.
func readAll(tb testing.TB, hub *clustertest.Hub, names cluster.Subjects, each func(*roostv1.ReadingBatch)) error {
	js := jetStream(tb, hub.Connect(tb))
	stream := mustStream(tb, js, names.ReadingsStream())
	consumer, err := stream.OrderedConsumer(tb.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	for left := stream.CachedInfo().State.Msgs; left > 0; {
		batch, err := consumer.Fetch(int(min(left, 500)))
		if err != nil {
			return err
		}
		for m := range batch.Messages() {
			var b roostv1.ReadingBatch
			if err := proto.Unmarshal(m.Data(), &b); err != nil {
				return err
			}
			each(&b)
			left--
		}
		if err := batch.Error(); err != nil {
			return err
		}
	}
	return nil
}

// TestReadingsEndInOrder: what was taken before the end is stored, and what comes after it is refused.
func TestReadingsEndInOrder(t *testing.T) {
	const many = 5000
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r := cluster.NewReadings(hub.Connect(t), names, "g1", clustertest.Logger(t))
	r.FlushTimeout = askWait // the disk may be slow
	results := make(chan error, many)
	for i := range many {
		r.Store(sampleBatch(fmt.Sprintf("d%d", i), 1, 1, 1), func(err error) { results <- err })
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // before it has begun
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for range many {
		if err := <-results; err != nil {
			t.Fatalf("not stored: %v", err)
		}
	}
	if got := mustStream(t, jetStream(t, hub.Connect(t)), names.ReadingsStream()).CachedInfo().State.Msgs; got != many {
		t.Errorf("got %d batches in the stream, want %d", got, many)
	}
}

// TestReadingsDoubtOutlivesIDs: a batch whose outcome was not known is found in the stream also when the hub
// has forgotten its id.
func TestReadingsDoubtOutlivesIDs(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	js := jetStream(t, nc)
	r, _ := startReadings(t, nc, names)

	// The hub stores, but its answer is lost: the stream does not acknowledge for a moment.
	stream := mustStream(t, js, names.ReadingsStream())
	config := stream.CachedInfo().Config
	config.NoAck = true
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	b := sampleBatch("d1", 4, 1, 3)
	if err := store(t, r, b); !errors.Is(err, roostv1.ErrOutcomeUnknown) {
		t.Fatalf("without an answer: got %v, want ErrOutcomeUnknown", err)
	}
	config.NoAck = false
	config.Duplicates = 100 * 1e6 // 100 ms: shorter than the wait above, so the id is forgotten
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	hub.Restart() // ids are read back for that window only
	storeUntil(t, r, b)
	if got, want := inStream(t, hub, names), []string{"d1/4/1", "d1/4/2", "d1/4/3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestReadingsBounded: what nobody stores does not pile up for ever.
func TestReadingsBounded(t *testing.T) {
	hub := clustertest.Start(t)
	r := cluster.NewReadings(hub.Connect(t), newFleet(t, hub), "g1", nil)
	b := sampleBatch("d1", 1, 1, 1)
	var refused error
	for taken := 0; refused == nil; taken++ {
		if taken > 1<<20 {
			t.Fatal("a million batches were taken, with no end")
		}
		r.Store(b, func(err error) { refused = err })
	}
	if !errors.Is(refused, roostv1.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", refused)
	}
}

// TestReadingsEncoding: what is stored is what was given, with every field that a reading has and every
// kind of value, in small batches and in large ones.
func TestReadingsEncoding(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r, _ := startReadings(t, hub.Connect(t), names)
	values := []*roostv1.Value{
		nil, {}, roostv1.Bool(false), roostv1.Bool(true), roostv1.Int(0), roostv1.Int(math.MinInt64), roostv1.Uint(math.MaxUint64),
		roostv1.Double(0), roostv1.Double(-1.5), roostv1.Text(""), roostv1.Text(strings.Repeat("\u00e9", 200)),
		roostv1.Bytes(nil), roostv1.Bytes([]byte{0xff, 0}),
	}
	if kinds := (&roostv1.Value{}).ProtoReflect().Descriptor().Fields().Len(); kinds != 6 {
		t.Errorf("a value has %d kinds: test them all", kinds)
	}
	for _, n := range []int{3, 500} {
		want := sampleBatch("d1", uint64(n), 1, 0)
		want.ClockError, want.Backfill, want.BootId, want.MonotonicUs = seconds(2), true, "boot", 77
		for i := range n {
			full := &roostv1.Reading{}
			fillScalars(full.ProtoReflect(), i)
			full.Value = values[i%len(values)]
			want.Readings = append(want.Readings, full, &roostv1.Reading{Value: values[i%len(values)]})
		}
		if err := store(t, r, want); err != nil {
			t.Fatal(err)
		}
		m, err := mustStream(t, jetStream(t, hub.Connect(t)), names.ReadingsStream()).GetLastMsgForSubject(t.Context(), names.Reading("d1", "g1"))
		if err != nil {
			t.Fatal(err)
		}
		got := &roostv1.ReadingBatch{}
		if err := proto.Unmarshal(m.Data, got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%d readings (-want +got):\n%s", 2*n, diff)
		}
	}
}

// fillScalars sets every field of a message that is a number, an enum or a text.
func fillScalars(m protoreflect.Message, i int) {
	for n := range m.Descriptor().Fields().Len() {
		switch field := m.Descriptor().Fields().Get(n); field.Kind() {
		case protoreflect.StringKind:
			m.Set(field, protoreflect.ValueOfString(fmt.Sprint(field.Name(), i)))
		case protoreflect.EnumKind:
			m.Set(field, protoreflect.ValueOfEnum(protoreflect.EnumNumber(1+i%3)))
		case protoreflect.Sint64Kind:
			m.Set(field, protoreflect.ValueOfInt64(int64(-i*1000)))
		case protoreflect.Uint32Kind:
			m.Set(field, protoreflect.ValueOfUint32(uint32(i)<<20))
		case protoreflect.MessageKind:
		default:
			panic(fmt.Sprintf("a field of another kind, %v: set it here", field.Kind()))
		}
	}
}

// TestReadingsLate: a batch that is late when it is sent is marked, and not changed itself. It has the id that it had
// before: what was stored unmarked is not stored again.
func TestReadingsLate(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	r := cluster.NewReadings(hub.Connect(t), names, "g1", clustertest.Logger(t))
	var late atomic.Bool
	r.Late = func(*roostv1.ReadingBatch) bool { return late.Load() }
	runs(t, r.Run)
	first, second := sampleBatch("d1", 7, 1, 2), sampleBatch("d1", 7, 3, 2)
	for _, b := range []*roostv1.ReadingBatch{first, first, second} {
		if err := store(t, r, b); err != nil {
			t.Fatal(err)
		}
		late.Store(true)
	}
	if first.Backfill || second.Backfill {
		t.Error("the batch that was given is changed")
	}
	var got []bool
	for b, err := range newClient(t, hub).Readings(t.Context(), cluster.ReadingsQuery{Device: "d1"}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Backfill)
	}
	if want := []bool{false, true}; !slices.Equal(got, want) {
		t.Errorf("marked: got %v, want %v", got, want)
	}
	if stored := inStream(t, hub, names); len(stored) != 4 {
		t.Errorf("the stream has %v, want four readings", stored)
	}
}

// TestReadingsOfAnOlderEpoch: whoever reads is given nothing as live that comes behind the next owner's.
func TestReadingsOfAnOlderEpoch(t *testing.T) {
	hub := clustertest.Start(t)
	r, _ := startReadings(t, hub.Connect(t), newFleet(t, hub))
	for _, b := range []*roostv1.ReadingBatch{
		sampleBatch("d1", 7, 1, 1), sampleBatch("d1", 9, 1, 1), sampleBatch("d1", 7, 2, 1), sampleBatch("d1", 9, 2, 1),
	} {
		if err := store(t, r, b); err != nil {
			t.Fatal(err)
		}
	}
	var got []bool
	for b, err := range newClient(t, hub).Readings(t.Context(), cluster.ReadingsQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Backfill)
	}
	if want := []bool{false, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("marked: got %v, want %v", got, want)
	}
}

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestClientReadings: duplicates are left out, what is missing is told, and what is no batch is
// told and passed over.
func TestClientReadings(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	nc := hub.Connect(t)
	for _, b := range []*roostv1.ReadingBatch{at(1, 1, 2, 0), at(1, 1, 2, 0), at(1, 6, 1, 1), at(2, 1, 1, 0)} {
		put(t, nc, names.Reading("d1", "g1"), encode(t, b))
	}
	put(t, nc, names.Reading("d1", "g1"), []byte{0xff, 0xff})
	put(t, nc, names.Reading("d1", "g1"), encode(t, at(2, 2, 1, 0)))
	put(t, nc, names.Reading("d2", "g1"), encode(t, sampleBatch("d2", 9, 9, 1)))

	var got []string
	for b, err := range client.Readings(t.Context(), cluster.ReadingsQuery{Device: "d1"}) {
		var gap *cluster.Gap
		switch {
		case errors.As(err, &gap):
			got = append(got, fmt.Sprintf("gap %d/%d-%d", gap.Epoch, gap.From, gap.To))
		case errors.Is(err, roostv1.ErrInvalid):
			got = append(got, "invalid")
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, fmt.Sprintf("%d/%d+%d", b.Epoch, b.FirstSequence, len(b.Readings)))
		}
	}
	want := []string{"1/1+2", "gap 1/3-4", "1/6+1", "2/1+1", "invalid", "2/2+1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}

	some := 0
	for b, err := range client.Readings(t.Context(), cluster.ReadingsQuery{Resource: "humidity"}) {
		if b != nil {
			t.Errorf("readings of another resource: %v, %v", b, err)
		}
	}
	for b, err := range client.Readings(t.Context(), cluster.ReadingsQuery{Resource: "temperature", Since: time.Hour}) {
		if err == nil {
			some += len(b.Readings)
		}
	}
	if some != 6 {
		t.Errorf("got %d temperatures, want 6", some)
	}
}

// TestClientReadingsFollow: history and live readings are one series, also over a restart of the hub.
func TestClientReadingsFollow(t *testing.T) {
	const history, live, after = 10, 10, 10
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	r, _ := startReadings(t, hub.Connect(t), names)
	first := uint64(1)
	more := func(n int) {
		for range n {
			storeUntil(t, r, sampleBatch("d1", 1, first, 1))
			first++
		}
	}
	more(history)
	next := uint64(1)
	for b, err := range client.Readings(t.Context(), cluster.ReadingsQuery{Device: "d1", Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if b.FirstSequence != next {
			t.Errorf("got reading %d, want %d", b.FirstSequence, next)
		}
		switch next++; next {
		case history + 1:
			more(live)
		case history + live + 1:
			hub.Restart()
			more(after)
		}
		if next > history+live+after {
			break
		}
	}
}

// TestClientReadingsNew: only what is stored after the reading began.
func TestClientReadingsNew(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	nc := hub.Connect(t)
	put(t, nc, names.Reading("d1", "g1"), encode(t, at(1, 1, 1, 0)))
	for b, err := range client.Readings(t.Context(), cluster.ReadingsQuery{New: true}) {
		t.Errorf("got %v, %v: there is nothing new", b, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range client.Readings(ctx, cluster.ReadingsQuery{New: true, Follow: true}) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("ended by %v, want Canceled", last)
	}
}

// TestClientReadingsRefused: a question that makes no sense is refused, and a hub that is away is told.
func TestClientReadingsRefused(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	ask := func(q cluster.ReadingsQuery) (last error) {
		for _, err := range client.Readings(t.Context(), q) {
			last = err
		}
		return last
	}
	for _, q := range []cluster.ReadingsQuery{{Device: "a.*"}, {Since: -time.Second}} {
		if err := ask(q); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%+v: got %v, want ErrInvalid", q, err)
		}
	}
	hub.Stop()
	if err := ask(cluster.ReadingsQuery{Device: "d1"}); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("hub away: got %v, want ErrUnavailable", err)
	}
	if _, err := client.Devices(t.Context()); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("devices while the hub is away: got %v, want ErrUnavailable", err)
	}
	if _, err := client.Send(t.Context(), setLimit("", "d1"), 0); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("send while the hub is away: got %v, want ErrUnavailable", err)
	}
}

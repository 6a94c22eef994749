package guard_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/hub/guard"
)

// TestFound: push consumers that are there are deleted, as roost hub apply does it at a server that does not watch for them, and
// others stay.
func TestFound(t *testing.T) {
	h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0"}) // without users: nobody else deletes them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	nc, err := nats.Connect(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	r := &guard.Roster{Fleet: fleet, Revision: 1}
	if err := guard.Found(t.Context(), nc, r); err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateConsumer(t.Context(), readings, jetstream.ConsumerConfig{Name: "pull", InactiveThreshold: time.Hour}); err != nil {
		t.Fatal(err)
	}
	pushing := jetstream.ConsumerConfig{Name: "push", InactiveThreshold: time.Hour, DeliverSubject: f + "own.b"}
	if _, err := js.CreatePushConsumer(t.Context(), readings, pushing); err != nil {
		t.Fatal(err)
	}
	if err := guard.Found(t.Context(), nc, r); err != nil {
		t.Fatal(err)
	}
	if _, err := js.PushConsumer(t.Context(), readings, "push"); !errors.Is(err, jetstream.ErrConsumerNotFound) {
		t.Errorf("the consumer that pushes: %v", err)
	}
	if _, err := js.Consumer(t.Context(), readings, "pull"); err != nil {
		t.Errorf("the other: %v", err)
	}
}

package hub_test

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/nodes/hub"
)

// TestStats: what is told of a hub is what it holds.
func TestStats(t *testing.T) {
	h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(h.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	s := h.Stats()
	if s.Name != h.Name() || !s.Storing || s.Connections != 1 || s.Streams != 1 || s.Messages != 1 || s.Bytes == 0 || s.Received == 0 || s.SentBytes == 0 {
		t.Errorf("got %+v", s)
	}
	if err := h.Health(); err != nil || !h.Running() {
		t.Errorf("got %v, running %v", err, h.Running())
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
	if h.Running() {
		t.Error("it runs on")
	}
	_ = h.Stats() // of one that is closed: it must not fail
}

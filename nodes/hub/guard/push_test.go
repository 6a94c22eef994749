package guard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/nodes/hub"
)

// A viewer may make consumers, of any kind. One that pushes a stream's messages to the subject of another stream is
// not there any more when the hub starts again: the server would then store them there.
func TestPushConsumers(t *testing.T) {
	data := t.TempDir()
	s := enrolled(t, data, "")
	h := s.open(t, data)
	g1, vic := s.data(t, "g1"), s.data(t, "vic")
	if _, err := g1.Request(f+"reading.d1.g1", []byte("true"), time.Second); err != nil {
		t.Fatal(err)
	}
	const body = `{"stream_name":"ROOST_f_READINGS","config":{"name":"evil%d","ack_policy":"explicit","deliver_subject":"%s","inactive_threshold":3600000000000}}`
	for i, to := range []string{f + "own.b", f + "spec.access.vic", "$JS.API.CONSUMER.MSG.NEXT." + control + ".x"} {
		if err := refused(vic.Request(fmt.Sprintf("%sCONSUMER.CREATE.%s.evil%d", api, readings, i), fmt.Appendf(nil, body, i, to), time.Second)); err != nil {
			t.Fatalf("the attempt was none: %v", err)
		}
	}
	stream := streamOf(t, s.data(t, "admin"), "READINGS")
	for deadline := time.Now().Add(5 * time.Second); ; {
		info, err := stream.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info.State.Consumers == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("there are %d consumers", info.State.Consumers)
		}
	}
	before := streamOf(t, s.data(t, "admin"), "CONTROL").CachedInfo().State.LastSeq
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	s.open(t, data)
	if got := streamOf(t, s.data(t, "admin"), "CONTROL").CachedInfo().State.LastSeq; got != before {
		t.Errorf("the control stream is at %d, and was at %d", got, before)
	}
	if n := copiers(t, s); n != 1 {
		t.Errorf("%d streams are copied, want 1: commands", n)
	}
}

// copiers counts the streams that the server still copies into.
func copiers(t *testing.T, s *site) int {
	t.Helper()
	admin := s.data(t, "admin")
	js, err := jetstream.New(admin.Conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), f+"cmd.d1.c1", []byte("true")); err != nil {
		t.Fatal(err)
	}
	c, err := js.OrderedConsumer(t.Context(), commands, jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next(jetstream.FetchMaxWait(5 * time.Second)); err != nil {
		return 0
	}
	return 1
}

// open opens a hub in a data folder.
func (s *site) open(t testing.TB, data string) *hub.Hub {
	t.Helper()
	h, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := h.Quorum(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.url = h.URL()
	return h
}

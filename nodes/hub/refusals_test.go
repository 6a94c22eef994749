package hub_test

import (
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub"
)

// Who tries without end what he may not, is told of once a minute.
func TestRefusalsTold(t *testing.T) {
	data, log := t.TempDir(), new(words)
	folder := secure(t, data)
	vic := enrol(t, folder, access.RoleViewer, "vic")
	h := must(hub.Open(t.Context(), hub.Config{Data: data, Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(log, nil))}))(t)
	defer h.Close()
	quorum(t, h)
	for range 3 {
		if nc, err := nats.Connect(h.URL()); err == nil { // with the authorities of this machine
			nc.Close()
			t.Fatal("a stranger's authority vouches for the hub")
		}
	}
	options := must(vic.TalkOptions())(t)
	nc := must(nats.Connect(h.URL(), append(options, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))...))(t)
	defer nc.Close()
	for range 3 {
		if err := nc.Publish("roost.f.api.send.operator.ann", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.FlushTimeout(longest); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"TLS handshake error", "Publish Violation"} {
		eventually(t, what, func() bool { return log.has(what) })
		if n := log.count(what); n != 1 {
			t.Errorf("%s is told %d times", what, n)
		}
	}
}

package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestConnectClientFails: a client is told at once, in one line, where no hub was found; without
// the password that it has for it.
func TestConnectClientFails(t *testing.T) {
	hub := clustertest.Start(t)
	url := strings.Replace(hub.URL(), "nats://", "nats://ann:secret@", 1)
	hub.Stop()
	_, err := cluster.ConnectClient(t.Context(), url, "test", nil)
	if !errors.Is(err, roostv1.ErrUnavailable) {
		t.Fatalf("got %v, want ErrUnavailable", err)
	}
	address := strings.TrimPrefix(hub.URL(), "nats://")
	if text := err.Error(); !strings.Contains(text, address) || strings.Contains(text, "secret") || strings.Contains(text, "\n") {
		t.Errorf("got %q, want one line with %s and without the password", text, address)
	}
	ended, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := cluster.ConnectClient(ended, url, "test", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a context that has ended: got %v", err)
	}
}

// TestConnectGatewayWaits: a gateway's connection comes up when the hub does, and what was
// published before is not sent then.
func TestConnectGatewayWaits(t *testing.T) {
	hub := clustertest.Start(t)
	hub.Stop()
	up := make(chan struct{}, 1)
	nc, err := cluster.ConnectGateway(hub.URL(), "g1", clustertest.Logger(t), nats.ConnectHandler(func(*nats.Conn) { up <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if err := nc.Publish("x", []byte("too early")); err == nil {
		t.Error("publish while the hub is away: got no error")
	}
	hub.Restart()
	await(t, "connection", up, func(struct{}) bool { return true })
	if _, err := cluster.ConnectGateway(hub.URL(), "not an id", nil); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("gateway id: got %v, want ErrInvalid", err)
	}
}

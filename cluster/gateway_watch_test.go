package cluster_test

import (
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
)

// TestStanding: whoever watches over a gateway is told where it stands, before it has joined, while it holds its
// lease, and when it has left.
func TestStanding(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	conn := hub.Connect(t)
	h := newHost("g1")
	idle, err := cluster.NewGateway(cluster.Config{Fleet: "test", ID: "g9", Conn: conn, Host: h})
	if err != nil {
		t.Fatal(err)
	}
	if s := idle.Standing(); s.Joined || !s.Suspended || s.Departed || !s.Connected || s.Remaining != 0 || s.ClockKnown || s.Lease != 2*time.Second {
		t.Errorf("before it runs: %+v", s)
	}
	if err := idle.Pulse(t.Context()); err != nil {
		t.Errorf("before it runs: %v", err)
	}
	g, stop := startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	ask(t, hub.Connect(t), "roost.test.gateway.g1.status", nil)
	s := g.Standing()
	if !s.Joined || s.Suspended || s.Draining || s.Departed || !s.Connected || s.Remaining <= 0 || s.Remaining > s.Lease || !s.ClockKnown {
		t.Errorf("while it runs: %+v", s)
	}
	if s.Requests == 0 || s.RequestsRefused != 0 {
		t.Errorf("requests: %+v", s)
	}
	if err := g.Pulse(t.Context()); err != nil {
		t.Error(err)
	}
	stop()
	if s := g.Standing(); !s.Departed || !s.Suspended || s.Remaining != 0 {
		t.Errorf("when it has left: %+v", s)
	}
	if err := g.Pulse(t.Context()); err != nil {
		t.Errorf("when it has left: %v", err)
	}
}

package cluster_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// probe writes what a process writes that waits for the name g1, until ctx ends: one of each incarnation in turn, at a pace at which
// the gateway sees most of them.
func probe(ctx context.Context, tb testing.TB, nc *nats.Conn, subject string, incarnations ...string) {
	tb.Helper()
	pace := time.NewTicker(50 * time.Millisecond)
	defer pace.Stop()
	for renewal := uint64(1); ; renewal++ {
		for _, incarnation := range incarnations {
			publish(tb, nc, subject, encode(tb, &roostv1.Member{
				GatewayId: "g1", Incarnation: incarnation, Renewal: renewal, Host: "copy", Pid: 7,
			}))
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
			}
		}
	}
}

// TestTwinsThatAlternateAreTold: two copies of a machine at once write their probes in turn, and the gateway, which knew the last one
// only, never saw that they live.
func TestTwinsThatAlternateAreTold(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	apply(t, newClient(t, hub), newDevice("d1"))
	first := newHost("g1")
	startGateway(t, hub, first)
	first.assigned(t, "d1", nil)

	ctx, cancel := context.WithTimeout(t.Context(), askWait)
	defer cancel()
	events := newClient(t, hub).Events(ctx)
	nc := hub.Connect(t)
	runs(t, func(context.Context) error {
		probe(ctx, t, nc, names.Probe("g1"), "one", "two")
		return nil
	})
	for e := range events {
		if strings.Contains(e.GetMessage(), "stop process 7 on host copy") {
			return
		}
	}
	t.Error("the fleet was not told of two processes that want the name")
}

// TestSuccessorIsNoTwin: a process that waits for the name while the one that has it leaves is its successor, and nobody is told to
// stop it.
func TestSuccessorIsNoTwin(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	apply(t, newClient(t, hub), newDevice("d1"))
	first := newHost("g1")
	leaving, leave := make(chan struct{}), make(chan struct{})
	first.withdraw = func(context.Context, string) {
		close(leaving)
		<-leave
	}
	_, stop := startGateway(t, hub, first)
	first.assigned(t, "d1", nil)

	ctx, cancel := context.WithTimeout(t.Context(), askWait)
	defer cancel()
	events := newClient(t, hub).Events(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	<-leaving
	probing, end := context.WithTimeout(ctx, time.Second) // some twenty probes
	defer end()
	probe(probing, t, hub.Connect(t), names.Probe("g1"), "next")
	close(leave)
	<-stopped
	for e := range events {
		if strings.Contains(e.GetMessage(), "another process wants it too") {
			t.Errorf("its successor was told as a second process: %q", e.Message)
		}
		if strings.HasSuffix(e.GetMessage(), "gateway g1 left") {
			return
		}
	}
	t.Error("the fleet was not told that it left")
}

// TestTwinsAreFew: of more processes than are remembered, one that writes again soon is still told.
func TestTwinsAreFew(t *testing.T) {
	seen := cluster.Twins()
	for n := range 1000 {
		if seen(string(rune('a'+n)), 1) {
			t.Fatal("one probe may be of a process that has ended")
		}
	}
	if seen("a", 2) {
		t.Error("more are remembered than there is room for")
	}
	for n := range 15 {
		seen(string(rune('A'+n)), 1)
	}
	if !seen("a", 3) {
		t.Error("one that writes again is not told")
	}
}

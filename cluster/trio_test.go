package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestSchemaReplicas: the streams of a fleet are held by as many servers as the hub has. Before the
// third has been there they cannot be made, which is no reason for a gateway to give up.
func TestSchemaReplicas(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.NewThree(t)
	hub.Restart(0)
	hub.Restart(1)
	nc := hub.Connect(t)
	offline := awaitError(t, nc, "not 3 servers yet")
	if !errors.Is(offline, roostv1.ErrUnavailable) || strings.Contains(offline.Error(), "\n") {
		t.Errorf("with two of three servers: got %v, want ErrUnavailable in one line", offline)
	}
	hub.Restart(2)
	insist(t, "streams of three", func() error { return ensure(t, nc) })
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ROOST_test_CONTROL", "ROOST_test_READINGS", "ROOST_test_COMMANDS"} {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if got := stream.CachedInfo().Config.Replicas; got != 3 {
			t.Errorf("%s has %d replicas, want 3", name, got)
		}
	}
	if err := ensure(t, nc); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// TestGatewayWaitsForThree: a gateway that starts before the hub is complete waits, and joins when it is.
func TestGatewayWaitsForThree(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.NewThree(t)
	hub.Restart(0)
	hub.Restart(1)
	nc := hub.Connect(t)
	awaitError(t, nc, "not 3 servers yet")
	g, err := cluster.NewGateway(cluster.Config{
		Fleet: "test", ID: "g1", Conn: nc, Host: newHost("g1"), Logger: clustertest.Logger(t), LeaveTimeout: askWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	runs(t, g.Run)
	hub.Restart(2)
	client, err := cluster.NewClient(hub.Connect(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	insist(t, "gateway that answers", func() error {
		gateways, err := client.Gateways(t.Context())
		if err == nil && (len(gateways) != 1 || !gateways[0].Answers) {
			err = errors.New("none does")
		}
		return err
	})
}

// TestTrio: what the hub of three for tests is there for: its streams survive the loss of any server.
func TestTrio(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.StartThree(t)
	nc := hub.Connect(t)
	insist(t, "streams of three", func() error { return ensure(t, nc) })
	const stream = "ROOST_test_CONTROL"
	write := func() error { return storeRaw(nc, "roost.test.own.bus") }
	insist(t, "write", write)

	killed := hub.Leader(stream)
	hub.Kill(killed)
	if next := hub.Leader(stream); next == killed {
		t.Errorf("server %d leads, and was killed", killed)
	}
	insist(t, "write after a kill", write)
	hub.Restart(killed)
	hub.Current(stream)

	paused := hub.Leader(stream)
	hub.Pause(paused)
	if next := hub.Leader(stream); next == paused {
		t.Errorf("server %d leads, and is paused", paused)
	}
	insist(t, "write after a pause", write)
	hub.Continue(paused)
	hub.Current(stream)

	hub.KillAll()
	hub.RestartAll()
	insist(t, "write after all were killed", write)
	for _, url := range strings.Split(hub.URL(), ",") {
		connectTo(t, url)
	}
}

// storeRaw stores a message as any client could.
func storeRaw(nc *nats.Conn, subject string) error {
	answer, err := nc.Request(subject, nil, time.Second)
	if err == nil && strings.Contains(string(answer.Data), `"error"`) {
		err = errors.New(string(answer.Data))
	}
	return err
}

// insist tries until it succeeds, as gateways do while servers come and go.
func insist(t *testing.T, what string, try func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// awaitError tries to make the streams until it fails with a text, and returns that error. Any other must
// be one that gateways wait through.
func awaitError(t *testing.T, nc *nats.Conn, text string) (failed error) {
	t.Helper()
	insist(t, "the error with "+text, func() error {
		err := ensure(t, nc)
		if failed = err; err != nil && strings.Contains(err.Error(), text) {
			return nil
		}
		if err == nil {
			t.Fatal("two servers made streams that three are to hold")
		}
		if !errors.Is(err, roostv1.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		return err
	})
	return failed
}

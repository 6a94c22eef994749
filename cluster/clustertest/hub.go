package clustertest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
)

// Hub is a hub for the length of a test.
type Hub struct {
	tb   testing.TB
	site site
	run  runner
}

// runner is where the server runs: inside the test, or in a process of its own.
type runner interface {
	start(site) (port int, err error)
	stop()
	kill()
}

// Start starts a hub inside the test process.
func Start(tb testing.TB) *Hub {
	return launch(tb, tb.TempDir(), &embedded{})
}

// StartProcess starts a hub in a process of its own; see Main.
func StartProcess(tb testing.TB) *Hub {
	return launch(tb, tb.TempDir(), &process{})
}

// StartProcessIn is StartProcess with the store in a folder of the test's choice.
func StartProcessIn(tb testing.TB, dir string) *Hub {
	return launch(tb, dir, &process{})
}

func launch(tb testing.TB, dir string, run runner) *Hub {
	tb.Helper()
	h := &Hub{tb: tb, site: site{Name: "hub", Dir: dir, Port: server.RANDOM_PORT}, run: run}
	h.Restart()
	tb.Cleanup(run.stop)
	return h
}

// Restart starts the hub again, on its old store and port; it stops it before, if it runs.
func (h *Hub) Restart() {
	h.tb.Helper()
	h.run.stop()
	port, err := h.run.start(h.site)
	if err != nil {
		h.tb.Fatalf("start hub in %s: %v", h.site.Dir, err)
	}
	h.site.Port = port
}

// Stop ends the hub in order.
func (h *Hub) Stop() { h.run.stop() }

// Kill ends the hub with no chance to tidy up. A hub inside the test process cannot
// be killed; for it, it is Stop.
func (h *Hub) Kill() { h.run.kill() }

// URL is where clients dial.
func (h *Hub) URL() string { return url(h.site.Port) }

// Server is the hub's server, for a look inside; nil for a hub in a process of its own,
// and while it is stopped.
func (h *Hub) Server() *server.Server {
	if e, ok := h.run.(*embedded); ok {
		return e.server
	}
	return nil
}

// Connect returns a connection with the settings of a gateway, closed when the test ends.
func (h *Hub) Connect(tb testing.TB, opts ...nats.Option) *nats.Conn {
	tb.Helper()
	return connect(tb, h.URL(), opts...)
}

func connect(tb testing.TB, url string, opts ...nats.Option) *nats.Conn {
	tb.Helper()
	nc, err := cluster.ConnectGateway(url, "test", Logger(tb), opts...)
	if err != nil {
		tb.Fatalf("connect to %s: %v", url, err)
	}
	tb.Cleanup(nc.Close)
	// A gateway's connection comes up by itself, and may not be up yet.
	if err := nc.FlushTimeout(10 * time.Second); err != nil {
		tb.Fatalf("reach hub at %s: %v", url, err)
	}
	return nc
}

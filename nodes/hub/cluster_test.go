package hub_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/hub"
)

// longest bounds every wait for hubs to find each other; an election takes up to 9 s.
const longest = 30 * time.Second

// trio is three hubs that are one, in this process.
type trio struct {
	routes []string
	data   []string
	hubs   []*hub.Hub
}

// newTrio returns three hubs, none of which is open.
func newTrio(t *testing.T) *trio {
	three := &trio{routes: freeAddresses(t, 3), hubs: make([]*hub.Hub, 3)}
	for range three.routes {
		three.data = append(three.data, t.TempDir())
	}
	return three
}

// freeAddresses returns addresses that nobody listens on.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	var free []string
	for _, port := range clustertest.FreePorts(t, n) {
		free = append(free, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return free
}

// config is what a hub is opened with. It is told of itself too, as people do.
func (three *trio) config(i int) hub.Config {
	return hub.Config{
		Data: three.data[i], Listen: "127.0.0.1:0",
		Cluster: &hub.Cluster{Name: "north", Route: three.routes[i], Peers: three.routes},
	}
}

// open opens some of the hubs, which are closed with the test.
func (three *trio) open(t *testing.T, which ...int) {
	t.Helper()
	for _, i := range which {
		h, err := hub.Open(t.Context(), three.config(i))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		three.hubs[i] = h
	}
}

// quorum waits until a hub can be used.
func quorum(t *testing.T, h *hub.Hub) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	if err := h.Quorum(ctx); err != nil {
		t.Fatal(err)
	}
}

// now is a context that asks how it is now.
func now() context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errNow)
	return ctx
}

var errNow = errors.New("asked how it is now")

// insist tries until it succeeds, as clients do while hubs come and go.
func insist(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, 2*time.Second)
		err := try(one)
		done()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

var replicated = jetstream.StreamConfig{Name: "R", Subjects: []string{"r"}, Replicas: 3}

// Two of three find each other; the third may come later, and one of them may go.
func TestTwoOfThree(t *testing.T) {
	three := newTrio(t)
	three.open(t, 0)
	if err := three.hubs[0].Quorum(now()); !errors.Is(err, errNow) {
		t.Errorf("quorum of one hub of three: %v", err)
	}
	three.open(t, 1)
	quorum(t, three.hubs[0])
	quorum(t, three.hubs[1])
	two := connect(t, three.hubs[1])
	if _, err := two.CreateStream(t.Context(), replicated); err == nil {
		t.Error("two hubs made a stream that three are to hold")
	}

	three.open(t, 2)
	quorum(t, three.hubs[2])
	insist(t, "make a stream of three", func(ctx context.Context) error {
		_, err := two.CreateOrUpdateStream(ctx, replicated)
		return err
	})
	if _, err := two.Publish(t.Context(), "r", nil); err != nil {
		t.Fatal(err)
	}
	for i, h := range three.hubs { // one after the other goes, and comes back
		if err := h.Close(); err != nil {
			t.Errorf("close hub %d: %v", i, err)
		}
		js := connect(t, three.hubs[(i+1)%3])
		insist(t, "publish to two hubs", func(ctx context.Context) error {
			_, err := js.Publish(ctx, "r", nil)
			return err
		})
		three.open(t, i)
		quorum(t, three.hubs[i])
	}
	stream, err := connect(t, three.hubs[0]).Stream(t.Context(), "R")
	if err != nil {
		t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got < 4 {
		t.Errorf("%d messages are there, 4 had been acknowledged", got)
	}
}

// That the others are away ends nobody's Watch.
func TestWatchWithoutQuorum(t *testing.T) {
	three := newTrio(t)
	three.open(t, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond) // two looks at the health
	defer cancel()
	if err := three.hubs[0].Watch(ctx); err != nil {
		t.Errorf("Watch = %v for a hub that is alone", err)
	}
	if err := three.hubs[0].Quorum(now()); err == nil {
		t.Error("a hub that is alone has a quorum")
	}
}

// The words in which a server says that its disk failed, and those for what passes.
func TestStoreFailed(t *testing.T) {
	for text, want := range map[string]bool{
		"JetStream meta layer write error: no space left on device":                      true,
		"JetStream meta layer apply error: bad entry":                                    true,
		"JetStream stream '$G > S' is not current: node write error: input/output error": true,
		"JetStream stream '$G > S' is not current: stream write error: no space left":    true,
		"JetStream consumer '$G > S > C' is not current: consumer write error: no space": true,
		"JetStream has not established contact with a meta leader":                       false,
		"JetStream is not current with the meta leader":                                  false,
		"JetStream is still recovering meta layer":                                       false,
		"JetStream stream '$G > S' is not current: stream catching up":                   false,
		"JetStream stream '$G > S' is not current: group node unhealthy":                 false,
		"JetStream stream '$G > S' is not current: stream not found":                     false,
	} {
		if got := hub.StoreFailed(text); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}

// TestBusyHubGoesOn: a server that had no time to look at its listeners names none that is missing: a hub that runs alone ended
// itself then, as if its disk had failed.
func TestBusyHubGoesOn(t *testing.T) {
	for text, want := range map[string]bool{
		"failed to be ready for connections after 1ms: ":                       true,
		"failed to be ready for connections after 1ms: server":                 false,
		"failed to be ready for connections after 1ms: server(address in use)": false,
		"JetStream stream '$G > S' is not current: node write error: no space": false,
		"": false,
	} {
		if got := hub.Unlooked(text); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

func TestQuorumOfOne(t *testing.T) {
	h := open(t, t.TempDir())
	if err := h.Quorum(now()); err != nil {
		t.Errorf("a hub that runs alone: %v", err)
	}
	three := newTrio(t)
	three.open(t, 0)
	if err := three.hubs[0].Close(); err != nil {
		t.Fatal(err)
	}
	if err := three.hubs[0].Quorum(t.Context()); !errors.Is(err, hub.ErrClosed) {
		t.Errorf("a hub that is closed: %v", err)
	}
}

// A store that belongs to a hub of one kind is never opened by one of another: the server
// would delete what is in it.
func TestModes(t *testing.T) {
	three := newTrio(t)
	open(t, three.data[0]).Close()
	if message := refuse(t, three.config(0), hub.ErrMode); !strings.Contains(message, "standalone") {
		t.Errorf("%q does not name the mode", message)
	}
	three.open(t, 1)
	three.hubs[1].Close()
	if message := refuse(t, hub.Config{Data: three.data[1]}, hub.ErrMode); !strings.Contains(message, "cluster-north") {
		t.Errorf("%q does not name the mode", message)
	}
	south := three.config(1)
	south.Cluster.Name = "south"
	refuse(t, south, hub.ErrMode)
	if _, err := os.Stat(filepath.Join(three.data[1], "js-cluster-north", "jetstream")); err != nil {
		t.Error(err)
	}
}

// What the server runs with: routes to the other two only, and a name of its own.
func TestClusterSettings(t *testing.T) {
	three := newTrio(t)
	three.open(t, 0, 1)
	running := three.hubs[0].InProcess().(*server.Server)
	varz, err := running.Varz(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := varz.Cluster.URLs; len(got) != 2 || strings.Contains(strings.Join(got, " "), three.routes[0]) {
		t.Errorf("%s has routes to %v of %v", three.routes[0], got, three.routes)
	}
	if !running.JetStreamConfig().SyncAlways {
		t.Error("JetStream does not sync")
	}
	if three.hubs[0].Name() == three.hubs[1].Name() || running.Name() != three.hubs[0].Name() {
		t.Errorf("hubs are named %s and %s", three.hubs[0].Name(), three.hubs[1].Name())
	}
	if !strings.Contains(running.Name(), strings.TrimPrefix(three.routes[0], "127.0.0.1:")) {
		t.Errorf("hub %s is named %s", three.routes[0], running.Name())
	}
	if urls := connect(t, three.hubs[0]).Conn().DiscoveredServers(); len(urls) > 0 {
		t.Errorf("clients are told of %v", urls)
	}
}

func TestClusterRefuses(t *testing.T) {
	free := freeAddresses(t, 3)
	used, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	tests := map[string]struct {
		route string
		peers []string
		want  error
		text  string
	}{
		"route beyond loopback": {"0.0.0.0:6222", free, hub.ErrNotLoopback, "0.0.0.0:6222"},
		"route on all":          {":6222", free, hub.ErrNotLoopback, ":6222"},
		"route without port":    {"127.0.0.1:0", free, hub.ErrAddress, "must be given"},
		"no route":              {"", free, hub.ErrAddress, "127.0.0.1:6222"},
		"route in use":          {used.Addr().String(), free[1:], hub.ErrAddressInUse, "--route"},
		"route for clients":     {"127.0.0.1:19999", free[1:], hub.ErrAddressInUse, "both"},
		"peer beyond loopback":  {free[0], []string{free[1], "192.0.2.1:6222"}, hub.ErrNotLoopback, "192.0.2.1:6222"},
		"peer without host":     {free[0], []string{free[1], ":6222"}, hub.ErrNotLoopback, `":6222"`},
		"peer is no address":    {free[0], []string{free[1], "north"}, hub.ErrAddress, "north"},
		"no peers":              {free[0], nil, hub.ErrPeers, "not 0"},
		"one peer":              {free[0], free[:2], hub.ErrPeers, "not 1"},
		"one peer twice":        {free[0], []string{free[1], free[1]}, hub.ErrPeers, "not 1"},
		"three peers":           {used.Addr().String(), free, hub.ErrPeers, "not 3"},
	}
	for name, test := range tests {
		cfg := hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:19999",
			Cluster: &hub.Cluster{Name: "north", Route: test.route, Peers: test.peers}}
		if message := refuse(t, cfg, test.want); !strings.Contains(message, test.text) {
			t.Errorf("%s: %q does not say %s", name, message, test.text)
		}
	}
	cfg := hub.Config{Data: t.TempDir(), Cluster: &hub.Cluster{Name: "../x", Route: free[0], Peers: free}}
	if h, err := hub.Open(t.Context(), cfg); err == nil {
		h.Close()
		t.Error("opened a cluster whose name leads out of the folder")
	}
}

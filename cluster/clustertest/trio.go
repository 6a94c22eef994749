package clustertest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// Three is how many servers a Trio has; they are numbered from 0.
	Three = 3
	// electionTimeout bounds every wait for the servers to agree. An election takes up to 9 s,
	// and a server that was cut off in the middle of one has another.
	electionTimeout = 60 * time.Second
	// askTimeout bounds one question: who could answer may have just been killed.
	askTimeout = time.Second
)

// Trio is a hub of three servers, each in a process of its own, for the length of a test.
type Trio struct {
	tb      testing.TB
	sites   [Three]site
	servers [Three]*process
	paused  [Three]bool
	nc      *nats.Conn // for questions, to those that are up; nil until there is one
	asked   string     // the URL of nc
}

// StartThree starts a hub of three, and returns when streams that all three hold can be made; see Main.
func StartThree(tb testing.TB) *Trio {
	tb.Helper()
	t := NewThree(tb)
	t.RestartAll()
	return t
}

// NewThree returns a hub of three of which no server has been started yet; Restart does so. Its
// addresses are known already.
func NewThree(tb testing.TB) *Trio {
	tb.Helper()
	t := &Trio{tb: tb}
	ports := FreePorts(tb, 2*Three)
	clients, routes := ports[:Three], ports[Three:]
	for i := range Three {
		t.sites[i] = site{Name: serverName(i), Dir: tb.TempDir(), Port: clients[i], Route: routes[i]}
		t.sites[i].Peers = append(append([]int(nil), routes[:i]...), routes[i+1:]...)
		t.servers[i] = &process{}
	}
	tb.Cleanup(t.KillAll)
	return t
}

const namePrefix = "hub-"

func serverName(i int) string { return namePrefix + strconv.Itoa(i) }

// URL is where clients dial: all three, separated by commas.
func (t *Trio) URL() string { return t.urls(func(int) bool { return true }) }

func (t *Trio) urls(of func(i int) bool) string {
	var urls []string
	for i := range Three {
		if of(i) {
			urls = append(urls, t.URLOf(i))
		}
	}
	return strings.Join(urls, ",")
}

// up reports whether a server runs and is not paused.
func (t *Trio) up(i int) bool { return t.servers[i].cmd != nil && !t.paused[i] }

// URLOf is where clients dial one of the servers.
func (t *Trio) URLOf(i int) string { return url(t.sites[i].Port) }

// Connect returns a connection to any of the servers, with the settings of a gateway, closed
// when the test ends.
func (t *Trio) Connect(tb testing.TB, opts ...nats.Option) *nats.Conn {
	tb.Helper()
	return connect(tb, t.URL(), opts...)
}

// ConnectTo returns a connection to one of the servers and no other.
func (t *Trio) ConnectTo(tb testing.TB, i int, opts ...nats.Option) *nats.Conn {
	tb.Helper()
	return connect(tb, t.URLOf(i), opts...)
}

// Restart starts a server again, on its old store and port; it stops it before, if it runs. It
// returns when the server takes connections, which is before it has caught up.
func (t *Trio) Restart(i int) {
	t.tb.Helper()
	t.Stop(i)
	if _, err := t.servers[i].start(t.sites[i]); err != nil {
		t.tb.Fatalf("start server %d in %s: %v", i, t.sites[i].Dir, err)
	}
}

// Stop ends a server in order: it hands over what it leads.
func (t *Trio) Stop(i int) {
	t.Continue(i)
	t.servers[i].stop()
}

// Kill ends a server with no chance to hand over or tidy up.
func (t *Trio) Kill(i int) {
	t.servers[i].kill()
	t.paused[i] = false
}

// RestartAll starts all three, and returns when streams that all of them hold can be made. It stops
// all of them before, if they run.
func (t *Trio) RestartAll() {
	t.tb.Helper()
	t.StopAll()
	for i := range Three {
		t.Restart(i)
	}
	t.ready()
}

// StopAll ends all three in order, one after the other.
func (t *Trio) StopAll() {
	for i := range Three {
		t.Stop(i)
	}
}

// KillAll ends all three at once.
func (t *Trio) KillAll() {
	for i := range Three {
		t.Kill(i)
	}
}

// Leader is the server that leads a stream. While there is none it waits; a server that was killed
// or paused a moment ago is not taken for the leader.
func (t *Trio) Leader(stream string) int {
	t.tb.Helper()
	leader := -1
	t.insist("leader of "+stream, func(ctx context.Context, js jetstream.JetStream) error {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		leader, err = t.running(s.CachedInfo().Cluster)
		return err
	})
	return leader
}

// running is the number of the leader that a stream names, if its process can be that.
func (t *Trio) running(c *jetstream.ClusterInfo) (int, error) {
	if c == nil || c.Leader == "" {
		return 0, fmt.Errorf("there is none")
	}
	i, err := strconv.Atoi(strings.TrimPrefix(c.Leader, namePrefix))
	switch {
	case err != nil || i < 0 || i >= Three:
		return 0, fmt.Errorf("%q is none of the servers", c.Leader)
	case !t.up(i):
		return 0, fmt.Errorf("%s is said to be, but is down", c.Leader)
	}
	return i, nil
}

// Current waits until all three servers hold all of a stream.
func (t *Trio) Current(stream string) {
	t.tb.Helper()
	t.insist("all of "+stream+" in three servers", func(ctx context.Context, js jetstream.JetStream) error {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		c := s.CachedInfo().Cluster
		if _, err := t.running(c); err != nil {
			return err
		}
		current := 1 // the leader
		for _, r := range c.Replicas {
			if r.Current && !r.Offline {
				current++
			}
		}
		if current < Three {
			return fmt.Errorf("only %d have", current)
		}
		return nil
	})
}

// ready waits until a stream with three replicas can be made, by making one.
func (t *Trio) ready() {
	t.tb.Helper()
	probe := jetstream.StreamConfig{Name: "TRIO_PROBE", Storage: jetstream.MemoryStorage, Replicas: Three}
	t.insist("a stream of three", func(ctx context.Context, js jetstream.JetStream) error {
		if _, err := js.CreateOrUpdateStream(ctx, probe); err != nil {
			return err
		}
		return js.DeleteStream(ctx, probe.Name)
	})
}

// asker is a connection to one of those that are up: one to a server that is paused would
// take seconds to notice.
func (t *Trio) asker() *nats.Conn {
	t.tb.Helper()
	if urls := t.urls(t.up); t.nc == nil || t.asked != urls {
		if t.nc != nil {
			t.nc.Close()
		}
		t.nc, t.asked = connect(t.tb, urls), urls
	}
	return t.nc
}

// insist asks until it is answered.
func (t *Trio) insist(what string, ask func(context.Context, jetstream.JetStream) error) {
	t.tb.Helper()
	js, err := jetstream.New(t.asker())
	if err != nil {
		t.tb.Fatal(err)
	}
	timeout := time.After(electionTimeout)
	for {
		ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
		err := ask(ctx, js)
		cancel()
		if err == nil {
			return
		}
		select {
		case <-timeout:
			t.tb.Fatalf("%s: %v within %v", what, err, electionTimeout)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

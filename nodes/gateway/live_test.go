package gateway_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// site is a hub on which a test runs gateways.
type site struct {
	hub    *hub.Hub
	client *cluster.Client
}

func openSite(t testing.TB) *site {
	t.Helper()
	h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &site{hub: h}
	if s.client, err = cluster.NewClient(s.connect(t, "client"), cluster.DefaultFleet); err != nil {
		t.Fatal(err)
	}
	return s
}

// connect returns a TCP connection of its own.
func (s *site) connect(t testing.TB, id string) *nats.Conn {
	t.Helper()
	nc, err := cluster.ConnectGateway(s.hub.URL(), id, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// run runs a gateway until the test ends or stop is called.
func (s *site) run(t testing.TB, id string) (g *gateway.Gateway, stop func()) {
	t.Helper()
	g, err := gateway.New(gateway.Config{ID: id, Conn: s.connect(t, id), Drivers: map[string]actors.Driver{"basin": basin{}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := g.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = func() {
		cancel()
		running.Wait()
	}
	t.Cleanup(stop)
	if err := g.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g, stop
}

// servedBy asks until the device answers from that gateway, and has been read there.
func servedBy(t testing.TB, g *gateway.Gateway, device, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		m, err := g.Ask(ctx, device, &roostv1.Read{})
		if r, ok := m.(*roostv1.ReadResult); ok && r.Gateway == id && r.State == roostv1.DeviceState_DEVICE_STATE_ONLINE && len(r.Resources) > 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s does not answer from %s: got %v, %v", device, id, m, err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// listener is an actor that does what it is told in its Receive, and passes on what it hears.
type listener struct{ heard chan any }

func (l *listener) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case func(actor.Context):
		msg(ctx)
	case *roostv1.ReadResult, *roostv1.CommandRecord, *roostv1.Status, *actor.Terminated:
		l.heard <- msg
	}
}

// hear returns the next that an actor hears, which is to be a T.
func hear[T any](t *testing.T, what string, l *listener) T {
	t.Helper()
	select {
	case msg := <-l.heard:
		got, ok := msg.(T)
		if !ok {
			t.Fatalf("%s: heard %T %v, want a %T", what, msg, msg, got)
		}
		return got
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: heard nothing", what)
		panic("unreachable")
	}
}

// TestPIDOutlivesTheGateway: an actor uses one PID, made once, before and after the device's gateway
// stops and another one takes the device; its watch is not ended by that, but by the retirement.
func TestPIDOutlivesTheGateway(t *testing.T) {
	s := openSite(t)
	ctx := t.Context()
	first, _ := s.run(t, "gw-1")
	_, stop := s.run(t, "gw-2")
	if err := addBasin(ctx, s.client); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Apply(ctx, &roostv1.Fleet{Devices: []*roostv1.DeviceSpec{{
		Id: "moves", Profile: "basin", Driver: "basin", PollInterval: durationpb.New(50 * time.Millisecond),
		Placement: &roostv1.Placement{Gateways: []string{"gw-2", "gw-3"}},
	}}}); err != nil {
		t.Fatal(err)
	}
	servedBy(t, first, "moves", "gw-2")

	l := &listener{heard: make(chan any, 100)}
	controller, err := first.Spawn(ctx, "controller", func() actor.Actor { return l })
	if err != nil {
		t.Fatal(err)
	}
	pid := first.PID("moves")
	in := func(do func(actor.Context)) {
		t.Helper()
		if err := first.Send(controller, do); err != nil {
			t.Fatal(err)
		}
	}
	use := func(want string) {
		t.Helper()
		in(func(ctx actor.Context) { ctx.Request(pid, &roostv1.Read{}) })
		if r := hear[*roostv1.ReadResult](t, "read", l); r.Gateway != want {
			t.Errorf("read: answered by %s, want %s", r.Gateway, want)
		}
		in(func(ctx actor.Context) {
			ctx.Request(pid, &roostv1.Command{Name: "set", Arguments: map[string]*roostv1.Value{"run": roostv1.Bool(true)}})
		})
		if r := hear[*roostv1.CommandRecord](t, "command", l); r.Gateway != want || r.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED {
			t.Errorf("command: %s by %s, want it done by %s", r.State.Word(), r.Gateway, want)
		}
		in(func(ctx actor.Context) { ctx.RequestFuture(pid, &roostv1.Read{}, 20*time.Second).PipeTo(ctx.Self()) })
		if r := hear[*roostv1.ReadResult](t, "future", l); r.Gateway != want {
			t.Errorf("future: answered by %s, want %s", r.Gateway, want)
		}
	}
	in(func(ctx actor.Context) { ctx.Watch(pid) })
	use("gw-2")
	s.run(t, "gw-3")
	stop()
	servedBy(t, first, "moves", "gw-3")
	use("gw-3")

	if err := s.client.Retire(ctx, "moves"); err != nil {
		t.Fatal(err)
	}
	if ended := hear[*actor.Terminated](t, "retirement", l); !ended.Who.Equal(pid) || ended.Why != actor.TerminatedReason_Stopped {
		t.Errorf("retirement: got %v", ended)
	}
	in(func(ctx actor.Context) { ctx.Request(pid, &roostv1.Read{}) })
	if status := hear[*roostv1.Status](t, "read what was retired", l); !errors.Is(status, roostv1.ErrNotFound) {
		t.Errorf("read what was retired: got %v, want ErrNotFound", status)
	}
	in(func(ctx actor.Context) { ctx.Watch(first.PID("ghost")) })
	if ended := hear[*actor.Terminated](t, "ghost", l); ended.Why != actor.TerminatedReason_NotFound {
		t.Errorf("ghost: got %v", ended)
	}
}

package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// delivered answers for the devices of a gateway: as the test says, or at once.
type delivered struct {
	gateway string
	calls   chan string // devices that were sent something
	deliver func(device string, m proto.Message, wait time.Duration, answer func(proto.Message, error))
}

func newDelivered(gateway string) *delivered {
	return &delivered{gateway: gateway, calls: make(chan string, 1<<17)}
}

func (d *delivered) Deliver(device string, m proto.Message, wait time.Duration, answer func(proto.Message, error)) {
	d.calls <- device
	if d.deliver != nil {
		d.deliver(device, m, wait, answer)
		return
	}
	if answer == nil {
		return
	}
	switch m := m.(type) {
	case *roostv1.Read:
		answer(&roostv1.ReadResult{DeviceId: device, Gateway: d.gateway}, nil)
	case *roostv1.Command:
		answer(&roostv1.CommandRecord{CommandId: m.Id, DeviceId: device, Gateway: d.gateway, State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED}, nil)
	}
}

// live starts a gateway whose devices d answers for.
func live(tb testing.TB, hub *clustertest.Hub, d *delivered) (g *cluster.Gateway, h *host, stop func()) {
	tb.Helper()
	h = newHost(d.gateway)
	g, stop = startGateway(tb, hub, h, func(c *cluster.Config) { c.Live = d })
	return g, h, stop
}

// only is a device that one of these gateways may serve.
func only(id string, gateways ...string) *roostv1.DeviceSpec {
	d := newDevice(id)
	d.Placement = &roostv1.Placement{Gateways: gateways}
	return d
}

// result is an answer.
type result struct {
	message proto.Message
	err     error
}

// asks asks and returns where the answer will be. A second answer fails the test.
func asks(ctx context.Context, tb testing.TB, p *cluster.Peers, device string, m proto.Message) <-chan result {
	answers := make(chan result, 1)
	p.Ask(ctx, device, m, func(m proto.Message, err error) {
		select {
		case answers <- result{m, err}:
		default:
			tb.Errorf("a second answer: %v, %v", m, err)
		}
	})
	return answers
}

// liveWait bounds the wait for an answer; twice the longest that one may take.
const liveWait = 10 * time.Second

func take[T any](tb testing.TB, what string, answers <-chan T) T {
	tb.Helper()
	select {
	case got := <-answers:
		return got
	case <-time.After(liveWait):
		tb.Fatalf("%s: not answered in %v", what, liveWait)
		panic("unreachable")
	}
}

// routed waits until the gateway takes asks, and its picture has the device with that gateway.
func routed(tb testing.TB, g *cluster.Gateway, device, gateway string) {
	tb.Helper()
	takesAsks(tb, g.Peers())
	changes := g.Picture().Watch()
	defer changes.Close()
	await(tb, "route to "+device, changes.Ready(), func(struct{}) bool {
		changes.Take()
		owner, err := g.Picture().Route(device)
		return err == nil && owner.Gateway == gateway
	})
}

// takesAsks waits until the peers run.
func takesAsks(tb testing.TB, p *cluster.Peers) {
	tb.Helper()
	for late := time.After(liveWait); !p.TakesAsks(); {
		select {
		case <-late:
			tb.Fatal("the peers do not run")
		case <-time.After(time.Millisecond):
		}
	}
}

func command(id string) *roostv1.Command {
	return &roostv1.Command{Id: id, Name: "set", Arguments: map[string]*roostv1.Value{"limit": roostv1.Double(3)}}
}

// TestPeersAsk: what is asked reaches the owner, and its answer comes back, whatever it is.
func TestPeersAsk(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), only("here", "g1"), only("there", "g2"), only("nowhere", "g9"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	second := newDelivered("g2")
	live(t, hub, second)
	routed(t, g1, "there", "g2")
	routed(t, g1, "here", "g1")
	ctx, p := t.Context(), g1.Peers()

	got := take(t, "read", asks(ctx, t, p, "there", &roostv1.Read{}))
	if r, ok := got.message.(*roostv1.ReadResult); !ok || got.err != nil || r.Gateway != "g2" || r.DeviceId != "there" {
		t.Errorf("read: got %v, %v", got.message, got.err)
	}
	got = take(t, "command", asks(ctx, t, p, "there", command("c-1")))
	if r, ok := got.message.(*roostv1.CommandRecord); !ok || got.err != nil || r.CommandId != "c-1" {
		t.Errorf("command: got %v, %v", got.message, got.err)
	}
	await(t, "first calls", second.calls, func(string) bool { return len(second.calls) == 0 })
	p.Ask(ctx, "there", command("c-2"), nil)
	await(t, "a command with no answer wanted", second.calls, func(string) bool { return true })

	for name, test := range map[string]struct {
		device string
		m      proto.Message
		want   roostv1.Code
	}{
		"no such device":    {"ghost", &roostv1.Read{}, roostv1.ErrNotFound},
		"no owner":          {"nowhere", &roostv1.Read{}, roostv1.ErrUnavailable},
		"own":               {"here", &roostv1.Read{}, roostv1.ErrUnavailable},
		"not for a device":  {"there", &roostv1.Status{}, roostv1.ErrInvalid},
		"too large":         {"there", &roostv1.Read{Resources: []string{strings.Repeat("x", 600<<10)}}, roostv1.ErrExhausted},
		"cannot be encoded": {"there", &roostv1.Read{Resources: []string{"\xff"}}, roostv1.ErrInternal},
	} {
		got := take(t, name, asks(ctx, t, p, test.device, test.m))
		if code := roostv1.StatusOf(got.err).Code; code != test.want {
			t.Errorf("%s: got %v, %v, want %v", name, got.message, got.err, test.want)
		}
	}
	past, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancel()
	if got := take(t, "too late", asks(past, t, p, "there", command("c-3"))); !errors.Is(got.err, roostv1.ErrExpired) {
		t.Errorf("too late: got %v, want ErrExpired", got.err)
	}
	if n := p.Open(); n != 0 {
		t.Errorf("%d asks are open after all were answered", n)
	}
}

// TestPeersRefusals: what the device's gateway says arrives with its code; an answer that
// is too large for a frame loses what is not the outcome, or is an error.
func TestPeersRefusals(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), only("there", "g2"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	second := newDelivered("g2")
	var answer result
	second.deliver = func(_ string, _ proto.Message, _ time.Duration, tell func(proto.Message, error)) {
		tell(answer.message, answer.err)
	}
	live(t, hub, second)
	routed(t, g1, "there", "g2")
	large := strings.Repeat("x", 600<<10)
	for name, test := range map[string]struct {
		answer result
		want   roostv1.Code
	}{
		"busy":         {result{nil, roostv1.Errorf(roostv1.ErrBusy, "full")}, roostv1.ErrBusy},
		"not owner":    {result{nil, roostv1.Errorf(roostv1.ErrNotOwner, "not here")}, roostv1.ErrUnavailable},
		"large read":   {result{&roostv1.ReadResult{Resources: []*roostv1.ResourceState{{Resource: large}}}, nil}, roostv1.ErrExhausted},
		"large record": {result{&roostv1.CommandRecord{CommandId: "c", Command: &roostv1.Command{Reason: large}}, nil}, roostv1.Code_CODE_OK},
	} {
		answer = test.answer
		got := take(t, name, asks(t.Context(), t, g1.Peers(), "there", command("c")))
		if code := roostv1.StatusOf(got.err).Code; code != test.want {
			t.Errorf("%s: got %v, want %v", name, got.err, test.want)
		}
	}
}

// TestPeersFollowTheOwner: a device that moves is asked where it is now.
func TestPeersFollowTheOwner(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), only("moves", "g2", "g3"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	_, _, stop := live(t, hub, newDelivered("g2"))
	routed(t, g1, "moves", "g2")
	read := func() result { return take(t, "read", asks(t.Context(), t, g1.Peers(), "moves", &roostv1.Read{})) }
	if got := read(); got.err != nil || got.message.(*roostv1.ReadResult).Gateway != "g2" {
		t.Errorf("before: got %v, %v", got.message, got.err)
	}
	live(t, hub, newDelivered("g3"))
	stop()
	routed(t, g1, "moves", "g3")
	if got := read(); got.err != nil || got.message.(*roostv1.ReadResult).Gateway != "g3" {
		t.Errorf("after: got %v, %v", got.message, got.err)
	}
}

// puppet is a gateway that a test plays: it is live and owns the bus, and what it is sent
// is answered by the test, or not.
func puppet(tb testing.TB, nc *nats.Conn, names cluster.Subjects, id string, answer func(*roostv1.LiveEnvelope) *roostv1.LiveEnvelope) (own func(bus string)) {
	tb.Helper()
	sub, err := nc.Subscribe(names.Live(id, "*"), func(msg *nats.Msg) {
		var f roostv1.LiveFrame
		if err := proto.Unmarshal(msg.Data, &f); err != nil || f.Receiver != "run-of-"+id {
			tb.Errorf("%s got %v, %v", id, &f, err)
		}
		for _, e := range f.Envelopes {
			reply := answer(e)
			reply.Ask = e.Ask
			data, err := proto.Marshal(&roostv1.LiveFrame{Gateway: id, Incarnation: "run-of-" + id, Receiver: f.Incarnation, Envelopes: []*roostv1.LiveEnvelope{reply}})
			if err == nil {
				err = nc.Publish(names.Live(f.Gateway, id), data)
			}
			if err != nil {
				tb.Error(err)
			}
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = sub.Unsubscribe() })
	publish(tb, nc, names.Member(id), encode(tb, &roostv1.Member{GatewayId: id, Incarnation: "run-of-" + id, State: roostv1.MemberState_MEMBER_STATE_LIVE}))
	return func(bus string) {
		publish(tb, nc, names.Owner(bus), encode(tb, &roostv1.Ownership{Bus: bus, Gateway: id, Incarnation: "run-of-" + id}))
	}
}

// TestPeersAskTheNewOwner: who is no owner any more has certainly not carried the message
// out, so it goes to the new owner, once.
func TestPeersAskTheNewOwner(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	apply(t, newClient(t, hub), only("moves", "g8", "g9"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	var asked atomic.Int32
	var ownEighth, ownNinth func(string)
	notOwner := envelopeOf(0, "", 0, roostv1.Errorf(roostv1.ErrNotOwner, "not any more"))
	ownEighth = puppet(t, hub.Connect(t), names, "g8", func(*roostv1.LiveEnvelope) *roostv1.LiveEnvelope {
		asked.Add(1)
		ownNinth("moves")
		routed(t, g1, "moves", "g9")
		return notOwner
	})
	refuse := false
	ownNinth = puppet(t, hub.Connect(t), names, "g9", func(e *roostv1.LiveEnvelope) *roostv1.LiveEnvelope {
		if refuse {
			ownEighth("moves")
			routed(t, g1, "moves", "g8")
			return notOwner
		}
		return envelopeOf(0, "", 0, &roostv1.CommandRecord{CommandId: e.GetCommand().GetId(), Gateway: "g9"})
	})
	ownEighth("moves")
	routed(t, g1, "moves", "g8")
	got := take(t, "command", asks(t.Context(), t, g1.Peers(), "moves", command("c-1")))
	if r, ok := got.message.(*roostv1.CommandRecord); !ok || r.Gateway != "g9" || r.CommandId != "c-1" || asked.Load() != 1 {
		t.Errorf("got %v, %v, %d asked, want the answer of g9, with g8 asked once", got.message, got.err, asked.Load())
	}

	ownEighth("moves")
	routed(t, g1, "moves", "g8")
	refuse = true
	got = take(t, "moving on", asks(t.Context(), t, g1.Peers(), "moves", command("c-2")))
	if !errors.Is(got.err, roostv1.ErrUnavailable) || asked.Load() != 2 {
		t.Errorf("a device that moves on and on: got %v, %v, %d asked, want ErrUnavailable after g8 and g9", got.message, got.err, asked.Load())
	}
}

// TestPeersForgedAnswer: an answer counts only if it comes from the run that was asked.
func TestPeersForgedAnswer(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	apply(t, newClient(t, hub), only("there", "g9"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	puppet(t, nc, names, "g9", func(e *roostv1.LiveEnvelope) *roostv1.LiveEnvelope {
		forged := envelopeOf(e.Ask, "", 0, &roostv1.ReadResult{Gateway: "forged"})
		for sender, from := range map[string]*roostv1.LiveFrame{
			names.Live("g1", "x1"): {Gateway: "x1", Incarnation: "run-of-g9"},
			names.Live("g1", "g9"): {Gateway: "g9", Incarnation: "an earlier run"},
			names.Live("g1", "x2"): {Gateway: "g9", Incarnation: "run-of-g9"}, // the hub knows that it is from x2
		} {
			from.Receiver, from.Envelopes = g1.Incarnation(), []*roostv1.LiveEnvelope{forged}
			if err := nc.Publish(sender, encode(t, from)); err != nil {
				t.Error(err)
			}
		}
		return envelopeOf(0, "", 0, &roostv1.ReadResult{Gateway: "g9"}) // after them, by the same connection
	})("there")
	routed(t, g1, "there", "g9")
	got := take(t, "read", asks(t.Context(), t, g1.Peers(), "there", &roostv1.Read{}))
	if r, ok := got.message.(*roostv1.ReadResult); !ok || r.Gateway != "g9" {
		t.Errorf("got %v, %v, want the answer of g9", got.message, got.err)
	}
}

// TestPeersDeadline: who is not answered is told so in time; of a command nobody knows what
// became of it. What comes later goes nowhere.
func TestPeersDeadline(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), only("there", "g2"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	second := newDelivered("g2")
	late := make(chan func(proto.Message, error), 10)
	waits := make(chan time.Duration, 10)
	second.deliver = func(_ string, _ proto.Message, wait time.Duration, answer func(proto.Message, error)) {
		late <- answer
		waits <- wait
	}
	live(t, hub, second)
	routed(t, g1, "there", "g2")
	for _, test := range []struct {
		m    proto.Message
		want roostv1.Code
	}{{&roostv1.Read{}, roostv1.ErrUnavailable}, {command("c-1"), roostv1.ErrOutcomeUnknown}} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		got := take(t, "deadline", asks(ctx, t, g1.Peers(), "there", test.m))
		cancel()
		if !errors.Is(got.err, test.want) {
			t.Errorf("%T: got %v, want %v", test.m, got.err, test.want)
		}
		if wait := <-waits; wait <= 0 || wait > 75*time.Millisecond {
			t.Errorf("%T: the owner is to answer in %v, want at most 75 ms", test.m, wait)
		}
		(<-late)(&roostv1.ReadResult{}, nil)
	}
	began := time.Now()
	if got := take(t, "default", asks(context.Background(), t, g1.Peers(), "there", &roostv1.Read{})); got.err == nil || time.Since(began) < 4*time.Second {
		t.Errorf("without a deadline: got %v after %v, want an error after 5 s", got.err, time.Since(began))
	}
}

// TestPeersLoseTheOwner: the end of a gateway's run ends what it was asked at once, and what
// was asked by a gateway that stops.
func TestPeersLoseTheOwner(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	member := func(state roostv1.MemberState, incarnation string) {
		publish(t, nc, names.Member("g9"), encode(t, &roostv1.Member{GatewayId: "g9", Incarnation: incarnation, State: state}))
	}
	apply(t, newClient(t, hub), only("there", "g9"))
	g1, _, stop := live(t, hub, newDelivered("g1"))
	const live, evicted = roostv1.MemberState_MEMBER_STATE_LIVE, roostv1.MemberState_MEMBER_STATE_EVICTED
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for i, end := range []func(){
		func() { member(evicted, "run-0") },
		func() { member(roostv1.MemberState_MEMBER_STATE_LEFT, "run-1") },
		func() { member(live, "another run") },
		stop,
	} {
		incarnation := fmt.Sprintf("run-%d", i)
		member(live, incarnation)
		publish(t, nc, names.Owner("there"), encode(t, &roostv1.Ownership{Bus: "there", Gateway: "g9", Incarnation: incarnation}))
		routed(t, g1, "there", "g9")
		sent, err := nc.SubscribeSync(names.Live("g9", "*"))
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		read := asks(ctx, t, g1.Peers(), "there", &roostv1.Read{})
		act := asks(ctx, t, g1.Peers(), "there", command("c"))
		if _, err := sent.NextMsgWithContext(ctx); err != nil {
			t.Fatal(err)
		}
		end()
		if got := take(t, "read", read); !errors.Is(got.err, roostv1.ErrUnavailable) {
			t.Errorf("end %d: read: got %v, want ErrUnavailable", i, got.err)
		}
		if got := take(t, "command", act); !errors.Is(got.err, roostv1.ErrOutcomeUnknown) {
			t.Errorf("end %d: command: got %v, want ErrOutcomeUnknown", i, got.err)
		}
		if err := sent.Unsubscribe(); err != nil {
			t.Fatal(err)
		}
	}
	if got := take(t, "after the end", asks(ctx, t, g1.Peers(), "there", &roostv1.Read{})); !errors.Is(got.err, roostv1.ErrUnavailable) {
		t.Errorf("after the end: got %v", got.err)
	}
}

// TestPeersOfAnotherRun: when a gateway begins another run, what it asked in the one before
// ends at once, and what it is sent for that one is dropped; it asks on in the new one.
func TestPeersOfAnotherRun(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	apply(t, newClient(t, hub), only("there", "g9"))
	var run atomic.Pointer[string]
	begin := func(name string) {
		run.Store(&name)
		publish(t, nc, names.Member("g1"), encode(t, &roostv1.Member{GatewayId: "g1", Incarnation: name, State: roostv1.MemberState_MEMBER_STATE_LIVE}))
	}
	begin("first")
	picture := cluster.NewPicture(names)
	follower, err := cluster.NewFollower(nc, names, picture, func(*roostv1.Event) {}, clustertest.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	runs(t, follower.Run)
	first := newDelivered("g1")
	p := cluster.NewPeers(cluster.Config{Fleet: "test", ID: "g1", Conn: nc, Live: first}, names, picture, func() string { return *run.Load() })
	if got := take(t, "before it runs", asks(t.Context(), t, p, "there", &roostv1.Read{})); !errors.Is(got.err, roostv1.ErrUnavailable) {
		t.Errorf("before it runs: got %v, want ErrUnavailable", got.err)
	}
	runs(t, p.Run)
	takesAsks(t, p)
	asked := make(chan *roostv1.LiveEnvelope, 10)
	silent := make(chan struct{})
	puppet(t, hub.Connect(t), names, "g9", func(e *roostv1.LiveEnvelope) *roostv1.LiveEnvelope {
		asked <- e
		<-silent
		return envelopeOf(0, "", 0, &roostv1.ReadResult{})
	})("there")
	changes := picture.Watch()
	defer changes.Close()
	await(t, "route", changes.Ready(), func(struct{}) bool {
		changes.Take()
		_, err := picture.Route("there")
		return err == nil
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	before := asks(ctx, t, p, "there", &roostv1.Read{})
	await(t, "question", asked, func(*roostv1.LiveEnvelope) bool { return true })
	begin("second")
	if got := take(t, "the question of the first run", before); !errors.Is(got.err, roostv1.ErrUnavailable) {
		t.Errorf("the question of the first run: got %v, %v, want ErrUnavailable", got.message, got.err)
	}
	after := asks(ctx, t, p, "there", &roostv1.Read{})
	close(silent) // the late answer is for the first run
	if got := take(t, "the question of the second run", after); got.err != nil {
		t.Errorf("the question of the second run: got %v", got.err)
	}
	if p.Dropped() != 1 || len(first.calls) != 0 {
		t.Errorf("%d frames dropped, want the late answer alone", p.Dropped())
	}
}

// TestPeersWithoutHub: what cannot be sent has certainly not arrived, also a command, and nothing
// is sent later.
func TestPeersWithoutHub(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), only("there", "g2"))
	lost := make(chan struct{}, 10)
	h := newHost("g1")
	nc := hub.Connect(t, nats.DisconnectErrHandler(func(*nats.Conn, error) { lost <- struct{}{} }))
	g1, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Conn = nc; c.LeaveTimeout = time.Second })
	live(t, hub, newDelivered("g2"))
	routed(t, g1, "there", "g2")
	hub.Stop()
	await(t, "the loss of the hub", lost, func(struct{}) bool { return true })
	if got := take(t, "command", asks(t.Context(), t, g1.Peers(), "there", command("c-1"))); !errors.Is(got.err, roostv1.ErrUnavailable) {
		t.Errorf("command without a hub: got %v, want ErrUnavailable", got.err)
	}
	hub.Restart()
}

// TestPeersBound: asks that nobody answers do not pile up without end.
func TestPeersBound(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	apply(t, newClient(t, hub), only("there", "g9"))
	g1, _, stop := live(t, hub, newDelivered("g1"))
	publish(t, nc, names.Member("g9"), encode(t, &roostv1.Member{GatewayId: "g9", Incarnation: "run", State: roostv1.MemberState_MEMBER_STATE_LIVE, Lease: durationpb.New(time.Minute)}))
	publish(t, nc, names.Owner("there"), encode(t, &roostv1.Ownership{Bus: "there", Gateway: "g9", Incarnation: "run"}))
	routed(t, g1, "there", "g9")
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	answers := make(chan error, cluster.MaxAsks+1)
	answer := func(_ proto.Message, err error) { answers <- err }
	for n := 0; n <= cluster.MaxAsks; n++ {
		g1.Peers().Ask(ctx, "there", &roostv1.Read{}, answer)
	}
	if err := take(t, "refusal", answers); !errors.Is(err, roostv1.ErrBusy) {
		t.Errorf("one too many: got %v, want ErrBusy", err)
	}
	stop()
	for range cluster.MaxAsks {
		take(t, "the rest", answers)
	}
}

// TestPeersGarbage: what is no frame, or is meant for another run, harms nothing; a frame by
// any encoder of the schema is answered.
func TestPeersGarbage(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	apply(t, newClient(t, hub), only("there", "g2"))
	second := newDelivered("g2")
	g2, _, _ := live(t, hub, second)
	routed(t, g2, "there", "g2")
	in, err := nc.SubscribeSync(names.Live("x1", "*"))
	if err != nil {
		t.Fatal(err)
	}
	frame := func(gateway, receiver string, envelopes ...*roostv1.LiveEnvelope) []byte {
		return encode(t, &roostv1.LiveFrame{Gateway: gateway, Incarnation: "run", Receiver: receiver, Envelopes: envelopes})
	}
	read := envelopeOf(7, "there", 0, &roostv1.Read{})
	garbage := [][]byte{
		nil, {0}, []byte("hello"), frame("x1", "another run", read), frame("x.>", g2.Incarnation(), read), frame("", g2.Incarnation(), read),
		frame("x1", g2.Incarnation(), envelopeOf(1, "", 0, &roostv1.ReadResult{}), envelopeOf(0, "", 0, nil), envelopeOf(2, "there", 0, &roostv1.Status{})),
		frame("x1", g2.Incarnation(), read)[:30],
	}
	dice := rand.New(rand.NewPCG(1, 2))
	whole := frame("x1", g2.Incarnation(), read)
	for range 1000 {
		broken := append([]byte(nil), whole[:dice.IntN(len(whole))]...)
		if len(broken) > 0 {
			broken[dice.IntN(len(broken))] ^= byte(dice.IntN(256))
		}
		garbage = append(garbage, broken)
	}
	for _, data := range garbage {
		if err := nc.Publish(names.Live("g2", "x1"), data); err != nil {
			t.Fatal(err)
		}
	}
	unknown := frame("x1", g2.Incarnation(), envelopeOf(8, "there", 0, nil), read)
	if err := nc.Publish(names.Live("g2", "x1"), unknown); err != nil {
		t.Fatal(err)
	}
	answers := map[uint64]*roostv1.LiveEnvelope{}
	for answers[7] == nil || answers[8] == nil {
		msg, err := in.NextMsgWithContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var f roostv1.LiveFrame
		if err := proto.Unmarshal(msg.Data, &f); err != nil || f.Receiver != "run" || f.Gateway != "g2" || f.Incarnation != g2.Incarnation() {
			t.Fatalf("answered with %v, %v", &f, err)
		}
		for _, e := range f.Envelopes {
			answers[e.Ask] = e
		}
	}
	if r := answers[7].GetReadResult(); r.GetDeviceId() != "there" {
		t.Errorf("read: got %v", answers[7])
	}
	if s := answers[8].GetStatus(); s.GetCode() != roostv1.ErrInvalid {
		t.Errorf("a message of an unknown kind: got %v, want INVALID_ARGUMENT", answers[8])
	}
	if g2.Peers().Dropped() == 0 {
		t.Error("no frame was dropped")
	}
}

// TestPeersConcurrently: many at once, each gets its own answer.
func TestPeersConcurrently(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	apply(t, newClient(t, hub), only("there", "g2"))
	g1, _, _ := live(t, hub, newDelivered("g1"))
	live(t, hub, newDelivered("g2"))
	routed(t, g1, "there", "g2")
	var all sync.WaitGroup
	for n := range 256 {
		all.Go(func() {
			for i := range 20 {
				id := fmt.Sprintf("c-%d-%d", n, i)
				got := take(t, id, asks(t.Context(), t, g1.Peers(), "there", command(id)))
				if r, ok := got.message.(*roostv1.CommandRecord); !ok || r.CommandId != id {
					t.Errorf("%s: got %v, %v", id, got.message, got.err)
				}
			}
		})
	}
	all.Wait()
	if n := g1.Peers().Open(); n != 0 {
		t.Errorf("%d asks are open after all were answered", n)
	}
}

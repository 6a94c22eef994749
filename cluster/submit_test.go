package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCommandGoesItsWay: a command is recorded as accepted, dispatched and done, in that order, with the hub's times and
// its place in the order.
func TestCommandGoesItsWay(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	before := time.Now()
	record, err := client.Send(t.Context(), setLimit("c1", "d1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := states(record), []roostv1.CommandState{accepted, dispatched, succeeded}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if record.Order == 0 || record.AcceptedAt.AsTime().Sub(before).Abs() > time.Minute || record.Transitions[0].At == nil {
		t.Errorf("got order %d, accepted at %v, transitions %v", record.Order, record.AcceptedAt, record.Transitions)
	}
	again, err := client.Command(t.Context(), "d1", "c1", 0)
	if err != nil || !proto.Equal(stripped(again), stripped(record)) {
		t.Errorf("asked again: got %v, %v; want %v", again, err, record)
	}
}

// stripped is a record without what each write has of its own.
func stripped(r *roostv1.CommandRecord) *roostv1.CommandRecord {
	r = proto.CloneOf(r)
	r.Nonce = ""
	return r
}

// TestSameCommandAgain: the same id and body is the same command, while it is open and when it has ended, whoever is
// asked, and also when the device would not take a new one; with another body it is a conflict.
func TestSameCommandAgain(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	first, err := send(t, g, setLimit("c1", "d1"), time.Millisecond)
	if err != nil || first.State != accepted {
		t.Fatalf("got %v, %v", first, err)
	}
	other := setLimit("c1", "d1")
	other.Reason = "another body"
	conflict := func(when string) {
		t.Helper()
		if r, err := send(t, g, other, 0); !errors.Is(err, roostv1.ErrConflict) || r != nil {
			t.Errorf("another body, %s: got %v, %v, want ErrConflict", when, r, err)
		}
	}
	open := h.nextHanded(t)
	conflict("while it is open")
	if r, err := client.Send(t.Context(), setLimit("c1", "d1"), time.Millisecond); err != nil || r.Order != open.open[0].Record.Order {
		t.Errorf("sent again while it is open: got %v, %v", r, err)
	}
	h.carryOut(open.bus, open.epoch, open.open[0], nil)
	done, err := send(t, g, setLimit("c1", "d1"), 0)
	if err != nil || done.State != succeeded || done.Order != open.open[0].Record.Order {
		t.Errorf("sent again: got %v, %v", done, err)
	}
	if err := g.Picture().Wait(t.Context(), put(t, hub.Connect(t), "roost.test.own.x", encode(t, &roostv1.Ownership{Bus: "x"}))); err != nil {
		t.Fatal(err)
	}
	conflict("when it has ended")
	if err := client.Lock(t.Context(), "d1"); err != nil {
		t.Fatal(err)
	}
	h.assigned(t, "d1", func(a *roostv1.Assignment) bool {
		return a.Devices[0].AdminState == roostv1.AdminState_ADMIN_STATE_LOCKED
	})
	if r, err := send(t, g, setLimit("c1", "d1"), 0); err != nil || r.State != succeeded {
		t.Errorf("sent again to a device that is locked now: got %v, %v", r, err)
	}
	if r, err := send(t, g, setLimit("c2", "d1"), 0); !errors.Is(err, roostv1.ErrLocked) {
		t.Errorf("a new one to a device that is locked: got %v, %v", r, err)
	}
	if n := len(h.handed); n != 0 {
		t.Errorf("handed %d times more", n)
	}
}

// TestAcceptedIsDurable: a caller who was told of a command finds it at the hub, also if that was killed a
// moment later.
func TestAcceptedIsDurable(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.StartProcess(t)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	for i := range 3 {
		id := fmt.Sprint("c", i)
		until(t, "the command is accepted", func() bool {
			r, err := send(t, g, setLimit(id, "d1"), time.Millisecond)
			return err == nil && r.CommandId == id
		})
		hub.Kill()
		hub.Restart()
		if r := recordAt(t, hub.Connect(t), newFleet(t, hub), "d1", id); r.GetState() != accepted {
			t.Fatalf("command %s after the hub was killed: got %v", id, r)
		}
	}
}

// TestSubmitRefuses: what cannot be carried out is refused before anything is written.
func TestSubmitRefuses(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	client := newClient(t, hub)
	retired := newDevice("old")
	apply(t, client, newDevice("d1"), retired)
	if err := client.Retire(t.Context(), "old"); err != nil {
		t.Fatal(err)
	}
	h.assigned(t, "d1", nil)
	until(t, "the retirement is known", func() bool {
		return g.Picture().Device("old").GetAdminState() == roostv1.AdminState_ADMIN_STATE_RETIRED
	})
	hot := setLimit("c", "d1")
	hot.Arguments["limit"] = roostv1.Text("hot")
	short := setLimit("c", "d1")
	short.ExpiresIn = durationpb.New(-time.Second)
	for name, test := range map[string]struct {
		command *roostv1.Command
		wait    time.Duration
		want    error
	}{
		"nothing":           {nil, 0, roostv1.ErrInvalid},
		"no such device":    {setLimit("c", "d9"), 0, roostv1.ErrNotFound},
		"a retired device":  {setLimit("c", "old"), 0, roostv1.ErrNotFound},
		"a wrong value":     {hot, 0, roostv1.ErrInvalid},
		"no such command":   {&roostv1.Command{Id: "c", DeviceId: "d1", Name: "dance"}, 0, roostv1.ErrNotFound},
		"expired at birth":  {short, 0, roostv1.ErrInvalid},
		"a negative wait":   {setLimit("c", "d1"), -1, roostv1.ErrInvalid},
		"an absurd wait":    {setLimit("c", "d1"), time.Hour, roostv1.ErrInvalid},
		"an id that is bad": {setLimit("a.b", "d1"), 0, roostv1.ErrInvalid},
	} {
		if r, err := send(t, g, test.command, test.wait); !errors.Is(err, test.want) || r != nil {
			t.Errorf("%s: got %v, %v, want %v", name, r, err, test.want)
		}
	}
	if n := g.Picture().OpenCount("d1"); n != 0 {
		t.Errorf("%d commands were accepted", n)
	}
}

// TestFloodIsBounded: ten thousand submissions at once to one device: as many are accepted as may wait for it, all
// others are told that it is busy, and those that are accepted are all carried out.
func TestFloodIsBounded(t *testing.T) {
	const many, limit = 10_000, 64
	hub := clustertest.Start(t)
	h := newHost("g1").keeps()
	g, _ := startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	h.assigned(t, "d1", nil)
	var mu sync.Mutex
	ends := map[string]int{}
	var open sync.WaitGroup
	open.Add(many)
	for i := range many {
		g.Submit(t.Context(), setLimit(fmt.Sprint("c", i), "d1"), 10*time.Second, func(r *roostv1.CommandRecord, err error) {
			defer open.Done()
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, roostv1.ErrBusy):
				ends["busy"]++
			case err != nil:
				ends[err.Error()]++
			default:
				ends[r.State.String()]++
			}
		})
	}
	open.Wait()
	if ends["busy"] != many-limit || ends[accepted.String()] != limit || g.Picture().OpenCount("d1") != limit {
		t.Errorf("got %d busy, %d accepted and %d others, %d open", ends["busy"], ends[accepted.String()], len(ends), g.Picture().OpenCount("d1"))
	}
}

// TestSubmitWithoutHub: while the hub is away a command is certainly not accepted; when it falls silent in the
// middle, that is not known. Either is told in time.
func TestSubmitWithoutHub(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	m := startMember(t, hub, "g1")
	m.host.keeps()
	apply(t, newClient(t, hub), newDevice("d1"))
	m.host.assigned(t, "d1", nil)
	const wait = 300 * time.Millisecond
	m.wire.Stall()
	begun := time.Now()
	_, err := send(t, m.Gateway, setLimit("c1", "d1"), wait)
	if took := time.Since(begun); !errors.Is(err, roostv1.ErrOutcomeUnknown) || took > wait+time.Second {
		t.Errorf("a hub that is silent: got %v after %v, want ErrOutcomeUnknown", err, took)
	}
	until(t, "the hub counts as away", func() bool {
		begun = time.Now()
		_, err = send(t, m.Gateway, setLimit("c2", "d1"), wait)
		return errors.Is(err, roostv1.ErrUnavailable)
	})
	m.wire.Resume()
	// What was sent into the silence was accepted, or is now; never twice.
	var record *roostv1.CommandRecord
	until(t, "the hub is back", func() bool {
		record, err = send(t, m.Gateway, setLimit("c1", "d1"), wait)
		return err == nil
	})
	if record.Order == 0 {
		t.Errorf("got %v", record)
	}
}

// TestWaitsHoldNothing: callers who wait for a device that nobody serves take no part in the bound of requests, and
// are told what is waited for when their wait is over.
func TestWaitsHoldNothing(t *testing.T) {
	const most, many = 4, 50
	hub := clustertest.Start(t)
	h := newHost("g1")
	g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.MaxRequests = most })
	client := newClient(t, hub)
	away := newDevice("away")
	away.Placement = &roostv1.Placement{Gateways: []string{"g9"}}
	apply(t, client, away, newDevice("d1"))
	h.assigned(t, "d1", nil)
	const wait = 3 * time.Second
	var waiting sync.WaitGroup
	for i := range many {
		waiting.Go(func() {
			var begun time.Time
			var r *roostv1.CommandRecord
			err := error(roostv1.ErrBusy)
			for errors.Is(err, roostv1.ErrBusy) { // more are accepted at one time than that
				begun = time.Now()
				r, err = client.Send(t.Context(), setLimit(fmt.Sprint("c", i), "away"), wait)
			}
			if took := time.Since(begun); err != nil || r.QueueReason != roostv1.QueueReason_QUEUE_REASON_NO_OWNER || took > wait+time.Second {
				t.Errorf("got %v, %v after %v", r, err, took)
			}
		})
	}
	until(t, "all of them wait", func() bool { return g.Picture().OpenCount("away") == many })
	if r, err := client.Send(t.Context(), setLimit("", "d1"), 0); err != nil || r.State != succeeded {
		t.Errorf("beside them: got %v, %v", r, err)
	}
	waiting.Wait()
}

// TestOldRequestIsNotAccepted: a request that comes to a gateway that was cut off, or stopped, for longer than its
// lease is not accepted: it may be from long ago. What was accepted before is still known.
func TestOldRequestIsNotAccepted(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	m := startMember(t, hub, "g1")
	m.host.keeps()
	apply(t, newClient(t, hub), newDevice("d1"))
	m.host.assigned(t, "d1", nil)
	openCommand(t, m.Gateway, m.host, "known", "d1")
	until(t, "it may act", m.Fence().Open)
	nc := hub.Connect(t)
	answered := make(chan struct{})
	m.host.withdraw = func(context.Context, string) { <-answered } // before which it gets no new lease
	answers := map[string]*nats.Subscription{}
	m.wire.Stall()
	for _, id := range []string{"late", "known"} {
		inbox := nc.NewInbox()
		sub, err := nc.SubscribeSync(inbox)
		if err != nil {
			t.Fatal(err)
		}
		answers[id] = sub
		request := encode(t, &roostv1.SendRequest{Command: setLimit(id, "d1"), Wait: durationpb.New(2 * time.Second)})
		if err := nc.PublishRequest(names.Send(), inbox, request); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	until(t, "its lease is over", func() bool { return !m.Fence().Open() })
	publish(t, nc, names.Member("g1"), encode(t, &roostv1.Member{
		GatewayId: "g1", Incarnation: m.Incarnation(), State: roostv1.MemberState_MEMBER_STATE_EVICTED, EvictedBy: "g2",
	}))
	defer close(answered)
	m.wire.Resume()
	for id, sub := range answers {
		answer, err := sub.NextMsg(askWait)
		if err != nil {
			t.Fatal(err)
		}
		var response roostv1.SendResponse
		if err := proto.Unmarshal(answer.Data, &response); err != nil {
			t.Fatal(err)
		}
		if id == "known" && response.Record.GetState() != accepted || id == "late" && !errors.Is(response.Status.Err(), roostv1.ErrUnavailable) {
			t.Errorf("%s: got %v", id, &response)
		}
	}
	if r := recordAt(t, nc, names, "d1", "late"); r != nil {
		t.Errorf("accepted: %v", r)
	}
}

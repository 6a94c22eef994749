package cluster_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestCommandsWithoutOwnerEnd: a command for a device that nobody serves ends when it has expired: EXPIRED if it
// was not dispatched, else UNKNOWN and then INDETERMINATE. So does one whose bus belongs to a run that is over,
// and whom nobody can succeed; and one for a device that was retired.
func TestCommandsWithoutOwnerEnd(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	g, _ := startGateway(t, hub, newHost("g1"))
	startGateway(t, hub, newHost("g2")) // the first one ends them
	elsewhere := func(id string) *roostv1.DeviceSpec {
		d := newDevice(id)
		d.Placement = &roostv1.Placement{Gateways: []string{"g9"}}
		return d
	}
	apply(t, client, elsewhere("never"), elsewhere("sent"), elsewhere("left"), elsewhere("retired"), elsewhere("cancelled"))
	nc := hub.Connect(t)
	put(t, nc, names.Owner("left"), encode(t, &roostv1.Ownership{Bus: "left", Gateway: "g9", Incarnation: "gone"}))
	put(t, nc, names.Member("g9"), encode(t, &roostv1.Member{GatewayId: "g9", Incarnation: "gone", State: roostv1.MemberState_MEMBER_STATE_LEFT}))
	var sent *roostv1.CommandRecord
	for _, device := range []string{"never", "sent", "left", "retired"} {
		c := setLimit("c", device)
		c.ExpiresIn = durationpb.New(time.Second)
		r, err := send(t, g, c, time.Millisecond)
		if err != nil || r.QueueReason != roostv1.QueueReason_QUEUE_REASON_NO_OWNER {
			t.Fatalf("got %v, %v", r, err)
		}
		if device == "sent" {
			sent = r
		}
	}
	until(t, "the picture has it", func() bool { return g.Picture().Command("sent", "c") != nil })
	sent = g.Picture().Command("sent", "c")
	if err := sent.Enter(roostv1.Change{State: dispatched, At: sent.AcceptedAt.AsTime(), Gateway: "g9"}); err != nil {
		t.Fatal(err)
	}
	put(t, nc, names.Command("sent", "c"), encode(t, sent))
	if err := client.Retire(t.Context(), "retired"); err != nil {
		t.Fatal(err)
	}
	if r, err := send(t, g, setLimit("c", "cancelled"), time.Millisecond); err != nil {
		t.Fatalf("got %v, %v", r, err)
	}
	if r, err := client.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: "cancelled", CommandId: "c"}, time.Minute); err != nil || r.State != cancelled {
		t.Errorf("cancelled while nobody serves the device: got %v, %v", r, err)
	}
	for device, want := range map[string][]roostv1.CommandState{
		"never":   {accepted, expired},
		"left":    {accepted, expired},
		"retired": {accepted, expired},
		"sent":    {accepted, dispatched, unknown, indeterminate},
	} {
		r, err := client.Command(t.Context(), device, "c", time.Minute)
		if err != nil || !slices.Equal(states(r), want) || r.Gateway != "g1" {
			t.Errorf("%s: got %v by %s, %v, want %v by g1", device, states(r), r.GetGateway(), err, want)
		}
	}
}

// TestOwnerEndsWhatItDoesNotServe: a command for a device that its owner's host does not have ends too: here of one
// that was accepted by a gateway that had not heard yet that its device was retired.
func TestOwnerEndsWhatItDoesNotServe(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	h := newHost("g1").keeps()
	startGateway(t, hub, h)
	one, two := newDevice("d1"), newDevice("d2")
	one.Bus, two.Bus = "line", "line"
	apply(t, client, one, two)
	h.assigned(t, "line", func(a *roostv1.Assignment) bool { return len(a.Devices) == 2 })
	if err := client.Retire(t.Context(), "d2"); err != nil {
		t.Fatal(err)
	}
	h.assigned(t, "line", func(a *roostv1.Assignment) bool { return len(a.Devices) == 1 })
	c := setLimit("c", "d2")
	c.ExpiresIn = durationpb.New(time.Second)
	put(t, hub.Connect(t), names.Command("d2", "c"), encode(t, &roostv1.CommandRecord{
		DeviceId: "d2", CommandId: "c", State: accepted, Command: c, Transitions: []*roostv1.CommandTransition{{State: accepted}},
	}))
	r, err := client.Command(t.Context(), "d2", "c", time.Minute)
	if err != nil || r.State != expired {
		t.Errorf("got %v, %v", r, err)
	}
}

// TestSweeperLeavesTheHostsAlone: what the host was handed is its to end, also while it puts the bus down, or a
// device that was retired: it may have sent it, and its word may be on the way.
func TestSweeperLeavesTheHostsAlone(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	client := newClient(t, hub)
	h := newHost("g1").keeps()
	done := make(chan struct{})
	h.withdraw = func(context.Context, string) { <-done }
	g, _ := startGateway(t, hub, h)
	release := sync.OnceFunc(func() { close(done) })
	t.Cleanup(release)
	one, two, away := newDevice("d1"), newDevice("d2"), newDevice("away")
	one.Bus, two.Bus = "line", "line"
	apply(t, client, one, two, away)
	until(t, "all are assigned", func() bool { // in any order
		_, hasOne := h.Status("d1")
		_, hasTwo := h.Status("d2")
		_, hasAway := h.Status("away")
		return hasOne && hasTwo && hasAway
	})
	retired, moved := openCommand(t, g, h, "c", "d2"), openCommand(t, g, h, "c", "away")
	if err := client.Retire(t.Context(), "d2"); err != nil {
		t.Fatal(err)
	}
	h.assigned(t, "line", func(a *roostv1.Assignment) bool { return len(a.Devices) == 1 })
	away.Placement = &roostv1.Placement{Gateways: []string{"g9"}}
	apply(t, client, away)
	until(t, "the picture has it", func() bool { return g.Picture().Device("away").GetPlacement() != nil })
	var asking sync.WaitGroup
	for _, device := range []string{"d2", "away"} {
		asking.Go(func() { // for several sweeps
			r, err := client.Cancel(t.Context(), &roostv1.Cancellation{DeviceId: device, CommandId: "c"}, 2*time.Second)
			if err != nil || r.State != accepted {
				t.Errorf("%s: got %v, %v, want it left alone", device, r, err)
			}
		})
	}
	asking.Wait()
	for _, o := range []handOver{retired, moved} {
		sent := entered(t, h, o.open[0].Record, dispatched, o.epoch)
		for _, r := range []*roostv1.CommandRecord{sent, entered(t, h, sent, succeeded, o.epoch)} {
			if err := recordNow(t, g, o.bus, o.epoch, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	release()
}

// TestCommandStaysOnItsBus: a command that was accepted when its device was on another bus is not carried out by the
// owner of the new one, who cannot know what the old one's has done. It ends under the fence of the old one.
func TestCommandStaysOnItsBus(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	old, next := newHost("g1").keeps(), newHost("g2").keeps()
	one, _ := startGateway(t, hub, old, func(c *cluster.Config) { c.Labels = map[string]string{"line": "a"} })
	startGateway(t, hub, next, func(c *cluster.Config) { c.Labels = map[string]string{"line": "b"} })
	on := func(line string) []*roostv1.DeviceSpec {
		d, stays := newDevice("d"), newDevice("stays")
		d.Bus, stays.Bus = line, "a"
		d.Placement = &roostv1.Placement{Selector: map[string]string{"line": line}}
		stays.Placement = &roostv1.Placement{Selector: map[string]string{"line": "a"}}
		return []*roostv1.DeviceSpec{d, stays}
	}
	apply(t, client, on("a")...)
	old.assigned(t, "a", func(a *roostv1.Assignment) bool { return len(a.Devices) == 2 })
	o := openCommand(t, one, old, "c", "d")
	if o.open[0].Record.Bus != "a" {
		t.Errorf("accepted on bus %q", o.open[0].Record.Bus)
	}
	if err := client.Retire(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	apply(t, client, on("b")...)
	next.assigned(t, "b", nil)
	if r, err := send(t, one, setLimit("new", "d"), time.Millisecond); err != nil || r.State != accepted {
		t.Fatalf("got %v, %v", r, err)
	}
	if h := next.nextHanded(t); len(h.open) != 1 || h.open[0].Record.CommandId != "new" {
		t.Errorf("the new owner was handed %v", h.open)
	}
	if err := recordNow(t, one, "a", o.epoch, entered(t, old, o.open[0].Record, queued, o.epoch)); err != nil {
		t.Fatal(err)
	}
	// Its owner is gone, and did not end it; nobody else may have its bus, so it is released for that.
	left := setLimit("left", "d")
	left.ExpiresIn = durationpb.New(time.Second)
	nc := hub.Connect(t)
	put(t, nc, names.Command("d", "left"), encode(t, &roostv1.CommandRecord{
		DeviceId: "d", CommandId: "left", State: accepted, Command: left, Bus: "c", Transitions: []*roostv1.CommandTransition{{State: accepted}},
	}))
	put(t, nc, names.Owner("c"), encode(t, &roostv1.Ownership{Bus: "c"}))
	if r, err := client.Command(t.Context(), "d", "left", time.Minute); err != nil || r.State != expired || r.Gateway != "g1" {
		t.Errorf("left on a bus without an owner: got %v, %v", r, err)
	}
}

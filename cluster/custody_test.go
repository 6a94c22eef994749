package cluster_test

import (
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestHandedOverWhileCustodyIsBusy keeps a defect: custody knew the gateways as they were before a slow call of its
// host, and the owners of buses as they were after it. So what a gateway that drains had handed over meanwhile was
// put down at once, to go back to it.
func TestHandedOverWhileCustodyIsBusy(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	client := newClient(t, hub)
	field := placement.NewField([]placement.Gateway{{ID: "g1"}, {ID: "g2"}})
	devices := manyDevices(80)
	apply(t, client, devices...)
	theirs := map[string]bool{}
	peer := func(state roostv1.MemberState) {
		put(t, nc, names.Member("g1"), encode(t, &roostv1.Member{GatewayId: "g1", Incarnation: "run", State: state}))
	}
	peer(roostv1.MemberState_MEMBER_STATE_LIVE)
	for _, d := range devices {
		if first, _ := field.First(d.Id); first == "g1" {
			theirs[d.Id] = true
			put(t, nc, names.Owner(d.Id), encode(t, &roostv1.Ownership{Bus: d.Id, Gateway: "g1", Incarnation: "run"}))
		}
	}
	h := newHost("g2")
	blocked, release, armed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once sync.Once
	h.assign = func(*roostv1.Assignment) {
		select {
		case <-armed:
			once.Do(func() { close(blocked); <-release })
		default:
		}
	}
	g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Lease = lease.Terms{Lease: time.Minute} })
	until(t, "its own buses are served", func() bool { return len(h.served()) == len(devices)-len(theirs) })

	change := func(unit string) {
		changed := thermometer()
		changed.Description = unit
		if _, err := client.Apply(t.Context(), &roostv1.Fleet{Profiles: []*roostv1.Profile{changed}}); err != nil {
			t.Fatal(err)
		}
	}
	close(armed)
	change("all buses are to be looked at")
	<-blocked
	peer(roostv1.MemberState_MEMBER_STATE_DRAINING)
	var last uint64
	for bus := range theirs {
		last = put(t, nc, names.Owner(bus), encode(t, &roostv1.Ownership{Bus: bus, Gateway: "g2", Incarnation: g.Incarnation(), HandedOverBy: "g1"}))
	}
	if err := g.Picture().Wait(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	close(release)
	until(t, "all are served", func() bool { return len(h.served()) == len(devices) })

	change("once more")
	again := map[string]bool{}
	await(t, "the second change", h.calls, func(c hostCall) bool {
		if c.assignment == nil && theirs[c.bus] {
			t.Errorf("bus %s was put down", c.bus)
		}
		if theirs[c.bus] && c.assignment != nil && c.assignment.Profiles[0].Description == "once more" {
			again[c.bus] = true
		}
		return len(again) == len(theirs) || t.Failed()
	})
}

// putPeer writes the record of a gateway that does nothing else, and has a long lease.
func putPeer(t *testing.T, nc *nats.Conn, names cluster.Subjects, id string, state roostv1.MemberState) {
	t.Helper()
	put(t, nc, names.Member(id), encode(t, &roostv1.Member{GatewayId: id, Incarnation: "run", State: state, Lease: durationpb.New(time.Minute)}))
}

// renewed waits until a gateway has renewed its lease so often. Each time is a sixth of a lease after the one before at the earliest.
func renewed(members *cluster.Changes, gateway string, times int) {
	for times > 0 {
		<-members.Ready()
		for _, key := range members.Take() {
			if key.ID == gateway {
				times--
			}
		}
	}
}

// TestNothingIsGivenToWhoIsSilent: a bus of a dead gateway was handed on to a peer that had been cut off meanwhile, and so had no
// owner until that was evicted, too (mayhem, seed 10, 60 s). It stays until the peer is heard.
func TestNothingIsGivenToWhoIsSilent(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	client := newClient(t, hub)
	peer := func() { putPeer(t, nc, names, "g1", roostv1.MemberState_MEMBER_STATE_LIVE) }
	peer()
	h := newHost("g2")
	g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Lease = lease.Terms{Lease: time.Second} })
	renewals := g.Picture().Watch(cluster.KindMember)
	renew := func(times int) { renewed(renewals, "g2", times) }
	renew(6) // a gateway is silent after a quarter of a lease

	devices := manyDevices(20)
	apply(t, client, devices...)
	until(t, "all are served by who is heard", func() bool { return len(h.served()) == len(devices) })
	renew(6)
	for len(h.calls) > 0 {
		if call := <-h.calls; call.assignment == nil {
			t.Errorf("bus %s was put down for a gateway that is silent", call.bus)
		}
	}

	field := placement.NewField([]placement.Gateway{{ID: "g1"}, {ID: "g2"}})
	theirs := 0
	for _, d := range devices {
		if first, _ := field.First(d.Id); first == "g1" {
			theirs++
		}
	}
	until(t, "its share is given to who is heard again", func() bool {
		peer()
		return len(h.served()) == len(devices)-theirs
	})
}

// TestWhatWasTakenStaysForALease: a bus of a dead gateway was handed on at once to the one that should own it, which was cut off
// in the same moment (mayhem, seeds 10 and 19, 60 s).
func TestWhatWasTakenStaysForALease(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	client := newClient(t, hub)
	peer := func(id string, state roostv1.MemberState) { putPeer(t, nc, names, id, state) }
	devices := manyDevices(20)
	apply(t, client, devices...)
	peer("g1", roostv1.MemberState_MEMBER_STATE_LIVE)
	peer("g3", roostv1.MemberState_MEMBER_STATE_LIVE)
	for _, d := range devices {
		put(t, nc, names.Owner(d.Id), encode(t, &roostv1.Ownership{Bus: d.Id, Gateway: "g1", Incarnation: "run"}))
	}
	h := newHost("g2")
	g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Lease = lease.Terms{Lease: 4 * time.Second} })
	renewals := g.Picture().Watch(cluster.KindMember)
	peer("g1", roostv1.MemberState_MEMBER_STATE_EVICTED)
	until(t, "what the dead gateway had is served", func() bool { return len(h.served()) == len(devices) })
	peer("g3", roostv1.MemberState_MEMBER_STATE_LIVE)
	renewed(renewals, "g2", 1)
	if got := len(h.served()); got != len(devices) {
		t.Errorf("of %d buses that were taken from a dead gateway, %d are served a moment later", len(devices), got)
	}
	field := placement.NewField([]placement.Gateway{{ID: "g2"}, {ID: "g3"}})
	theirs := 0
	for _, d := range devices {
		if first, _ := field.First(d.Id); first == "g3" {
			theirs++
		}
	}
	until(t, "the share of the other one is handed over", func() bool {
		peer("g3", roostv1.MemberState_MEMBER_STATE_LIVE)
		return len(h.served()) == len(devices)-theirs
	})
}

// TestWhoDrainsGivesToWhoIsHeard: a gateway that drains gives what it has to the next in rank where the first is silent, and does not
// wait for a lease with what it has taken a moment before.
func TestWhoDrainsGivesToWhoIsHeard(t *testing.T) {
	for name, terms := range map[string]lease.Terms{"past the silent": {Lease: time.Second}, "what was just taken": {Lease: 10 * time.Minute}} {
		t.Run(name, func(t *testing.T) {
			hub := clustertest.Start(t)
			names := newFleet(t, hub)
			nc := hub.Connect(t)
			client := newClient(t, hub)
			devices := manyDevices(20)
			apply(t, client, devices...)
			putPeer(t, nc, names, "g1", roostv1.MemberState_MEMBER_STATE_LIVE)
			for _, d := range devices {
				put(t, nc, names.Owner(d.Id), encode(t, &roostv1.Ownership{Bus: d.Id, Gateway: "g0", Incarnation: "run"}))
			}
			putPeer(t, nc, names, "g0", roostv1.MemberState_MEMBER_STATE_LIVE)
			h := newHost("g2")
			g, _ := startGateway(t, hub, h, func(c *cluster.Config) { c.Lease = terms })
			if terms.Lease == time.Second {
				members := g.Picture().Watch(cluster.KindMember)
				renewed(members, "g2", 6) // g1 is silent from then on
			}
			putPeer(t, nc, names, "g0", roostv1.MemberState_MEMBER_STATE_EVICTED)
			until(t, "what the dead gateway had is served", func() bool { return len(h.served()) == len(devices) })
			heir := "g1"
			if terms.Lease == time.Second {
				heir = "g3"
				putPeer(t, nc, names, heir, roostv1.MemberState_MEMBER_STATE_LIVE)
			}
			if err := client.Drain(t.Context(), "g2"); err != nil {
				t.Fatal(err)
			}
			until(t, "all is handed over", func() bool {
				if heir == "g3" {
					putPeer(t, nc, names, heir, roostv1.MemberState_MEMBER_STATE_LIVE)
				}
				return len(h.served()) == 0
			})
			for _, d := range devices {
				until(t, "the picture has the heir of "+d.Id, func() bool { return g.Picture().Owner(d.Id).Gateway != "g2" })
				if got := g.Picture().Owner(d.Id).Gateway; got != heir {
					t.Errorf("%s belongs to %q, want %s", d.Id, got, heir)
				}
			}
		})
	}
}

package cluster_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// oneSecond is the lease of these tests: long enough that a slow machine renews in time.
const oneSecond = time.Second

// member is a gateway of a fleet under test, on a wire of its own.
type member struct {
	*cluster.Gateway
	host *host
	wire *clustertest.Wire
	stop func()
}

// startMember runs a gateway that can be cut off from the hub.
func startMember(t *testing.T, hub *clustertest.Hub, id string) *member {
	t.Helper()
	m := &member{host: newHost(id), wire: hub.Wire(t)}
	conn := m.wire.Connect(t)
	m.Gateway, m.stop = startGateway(t, hub, m.host, func(c *cluster.Config) { c.Conn = conn })
	return m
}

// startFleet registers devices, each on a bus of its own, and starts gateways until all is served and
// each has its share.
func startFleet(t *testing.T, hub *clustertest.Hub, devices []*roostv1.DeviceSpec, ids ...string) []*member {
	t.Helper()
	newFleet(t, hub)
	apply(t, newClient(t, hub), devices...)
	var members []*member
	for _, id := range ids {
		members = append(members, startMember(t, hub, id))
	}
	until(t, "all is where it should be", func() bool { return placed(members, devices) })
	return members
}

// placed reports whether each bus is served where placement says, and nowhere else.
func placed(members []*member, devices []*roostv1.DeviceSpec) bool {
	var gateways []placement.Gateway
	for _, m := range members {
		gateways = append(gateways, placement.Gateway{ID: m.host.gateway})
	}
	field := placement.NewField(gateways)
	served := map[string]map[string]*roostv1.Assignment{}
	for _, m := range members {
		served[m.host.gateway] = m.host.served()
	}
	for _, d := range devices {
		first, _ := field.Eligible(placement.DemandOf(d.Placement)).First(d.Id)
		for id, buses := range served {
			if (buses[d.Id] != nil) != (id == first) {
				return false
			}
		}
	}
	return true
}

// until waits until something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	untilWithin(t, askWait, what, is)
}

func untilWithin(t *testing.T, wait time.Duration, what string, is func() bool) {
	t.Helper()
	late := time.NewTimer(wait)
	defer late.Stop()
	ticker := time.NewTicker(10 * time.Millisecond) // the hosts change beside the picture
	defer ticker.Stop()
	for !is() {
		select {
		case <-ticker.C:
		case <-late.C:
			t.Fatalf("%s: not so after %v", what, wait)
		}
	}
}

func manyDevices(n int) []*roostv1.DeviceSpec {
	devices := make([]*roostv1.DeviceSpec, n)
	for i := range devices {
		devices[i] = newDevice(fmt.Sprintf("d%03d", i))
	}
	return devices
}

// TestFailover: what a gateway had that is cut off is served by the others, under greater epochs, and not
// before the gateway itself knew that it must not act. When it is back it starts over: it puts
// down everything, has another incarnation, and gets its share again.
func TestFailover(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(60)
	members := startFleet(t, hub, devices, "g1", "g2", "g3")
	victim, others := members[0], members[1:]
	had, incarnation := victim.host.served(), victim.Incarnation()
	act, leave, ok := victim.Fence().Enter(t.Context())
	defer leave()
	if !ok {
		t.Fatal("a gateway that serves may not act")
	}
	victim.wire.Stall()
	shut := make(chan time.Time, 1)
	go func() {
		<-act.Done()
		shut <- time.Now()
	}()
	until(t, "the others serve all", func() bool { return len(others[0].host.served())+len(others[1].host.served()) == len(devices) })
	until(t, "what was under way has ended", func() bool { return act.Err() != nil })
	closed := <-shut
	if victim.Fence().Open() {
		t.Error("the fence is open after the takeover")
	}
	if !<-victim.host.leases { // the first word was Suspend before it joined
		t.Error("the host was not suspended at the start")
	}
	for bus, before := range had {
		for _, m := range others {
			if a := m.host.served()[bus]; a != nil && a.Epoch <= before.Epoch {
				t.Errorf("bus %s: taken over with epoch %d after %d", bus, a.Epoch, before.Epoch)
			}
		}
	}
	for _, m := range others {
		for len(m.host.calls) > 0 {
			c := <-m.host.calls
			if was := had[c.bus]; was != nil && c.assignment != nil && c.assignment.Epoch > was.Epoch && c.at.Before(closed) {
				t.Errorf("bus %s was given to %s %v before the fence of the old owner shut", c.bus, m.host.gateway, closed.Sub(c.at))
			}
		}
	}

	victim.wire.Resume()
	until(t, "the gateway has joined again", func() bool {
		m := others[0].Picture().Member("g1")
		return m.GetState() == roostv1.MemberState_MEMBER_STATE_LIVE && m.GetIncarnation() != incarnation
	})
	until(t, "all is where it should be", func() bool { return placed(members, devices) })
	for bus, a := range victim.host.served() {
		if was := had[bus]; was != nil && a.Epoch <= was.Epoch {
			t.Errorf("bus %s is served by the returned gateway under epoch %d, after %d", bus, a.Epoch, was.Epoch)
		}
	}
}

// TestNothingOldIsAtWorkUnderANewLease: a gateway that lost its lease does not begin anew before the last of
// its devices was put down: under a new lease the fence is open again, also for what would still act.
func TestNothingOldIsAtWorkUnderANewLease(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(20)
	members := startFleet(t, hub, devices, "g1", "g2")
	victim, incarnation := members[0], members[0].Incarnation()
	begun, release := make(chan struct{}, 1), make(chan struct{})
	victim.host.withdraw = func(context.Context, string) { // a driver that takes its time to let go
		select {
		case begun <- struct{}{}:
		default:
		}
		<-release
	}
	victim.wire.Stall()
	until(t, "g1 is evicted", func() bool {
		return members[1].Picture().Member("g1").GetState() == roostv1.MemberState_MEMBER_STATE_EVICTED
	})
	victim.wire.Resume()
	<-begun // it knows that its lease is lost
	grace := time.NewTimer(oneSecond)
	defer grace.Stop()
	<-grace.C // joining takes some milliseconds
	if victim.Incarnation() != incarnation || victim.Fence().Open() {
		t.Error("a new lease began while devices were being put down")
	}
	close(release)
	until(t, "g1 has its share again", func() bool { return victim.Incarnation() != incarnation && placed(members, devices) })
}

// TestHubAwayEvictsNobody: a hub that is away for much longer than a lease suspends everybody and evicts
// nobody: no bus changes hands, nothing is put down, and all may act again when it is back.
func TestHubAwayEvictsNobody(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(20)
	members := startFleet(t, hub, devices, "g1", "g2")
	before := map[*member]map[string]*roostv1.Assignment{}
	incarnations := map[*member]string{}
	for _, m := range members {
		before[m], incarnations[m] = m.host.served(), m.Incarnation()
		for len(m.host.leases) > 0 {
			<-m.host.leases
		}
		for len(m.host.calls) > 0 {
			<-m.host.calls
		}
	}
	hub.Stop()
	for _, m := range members {
		await(t, m.host.gateway+" is suspended", m.host.leases, func(suspended bool) bool { return suspended })
	}
	timer := time.NewTimer(3 * oneSecond)
	defer timer.Stop()
	<-timer.C // it is away for four leases
	hub.Restart()
	for _, m := range members {
		await(t, m.host.gateway+" acts again", m.host.leases, func(suspended bool) bool { return !suspended })
	}
	timer.Reset(2 * oneSecond)
	<-timer.C // an eviction would come now
	for _, m := range members {
		if m.Incarnation() != incarnations[m] {
			t.Errorf("%s lost its lease", m.host.gateway)
		}
		for bus, a := range m.host.served() {
			if was := before[m][bus]; was == nil || was.Epoch != a.Epoch {
				t.Errorf("bus %s changed hands: %s serves it under %d, before that %v", bus, m.host.gateway, a.Epoch, was)
			}
		}
		for len(m.host.calls) > 0 {
			if c := <-m.host.calls; c.assignment == nil {
				t.Errorf("%s put bus %s down", m.host.gateway, c.bus)
			}
		}
	}
}

// TestDrainAndLeave: a gateway that drains hands over all that it has, and one that leaves as well: no bus
// is ever nobody's, and each knows who handed it over.
func TestDrainAndLeave(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(40)
	members := startFleet(t, hub, devices, "g1", "g2", "g3")
	nc := hub.Connect(t)
	if _, err := nc.Request(newFleet(t, hub).GatewayDrain("g1"), nil, askWait); err != nil {
		t.Fatal(err)
	}
	until(t, "g1 is empty", func() bool {
		return len(members[0].host.served()) == 0 && placed(members[1:], devices)
	})
	for len(members[2].host.calls) > 0 {
		<-members[2].host.calls
	}
	members[1].stop()
	until(t, "g3 serves all", func() bool { return len(members[2].host.served()) == len(devices) })
	for len(members[2].host.calls) > 0 {
		if c := <-members[2].host.calls; c.assignment == nil {
			t.Errorf("bus %s was given back to the gateway that leaves", c.bus)
		}
	}
	for _, d := range devices {
		owner := members[2].Picture().Owner(d.Id)
		if owner.Gateway != "g3" {
			t.Errorf("bus %s is owned by %q", d.Id, owner.Gateway)
		}
	}
	until(t, "g2 has left", func() bool {
		return members[2].Picture().Member("g2").GetState() == roostv1.MemberState_MEMBER_STATE_LEFT
	})
}

// TestJoinGetsItsShare: a gateway that joins is handed its share, bus by bus; what it does not get stays
// where it was, under the same epoch.
func TestJoinGetsItsShare(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(60)
	members := startFleet(t, hub, devices, "g1", "g2")
	before := members[0].host.served()
	members = append(members, startMember(t, hub, "g3"))
	until(t, "g3 has its share", func() bool {
		return placed(members, devices)
	})
	for bus, a := range members[0].host.served() {
		if was := before[bus]; was != nil && was.Epoch != a.Epoch {
			t.Errorf("bus %s stayed, but its epoch went from %d to %d", bus, was.Epoch, a.Epoch)
		}
	}
	for bus := range members[2].host.served() {
		if from := members[2].Picture().Owner(bus).From; from != "g1" && from != "g2" {
			t.Errorf("bus %s was handed over by %q", bus, from)
		}
	}
}

// TestAttachedGoesOn: what only one gateway can reach is neither taken over nor put down, also when its
// gateway was evicted and comes back under another incarnation.
func TestAttachedGoesOn(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	attached := newDevice("attached")
	attached.Placement = &roostv1.Placement{Gateways: []string{"g1"}}
	members := startFleet(t, hub, append(manyDevices(20), attached), "g1", "g2")
	first := members[0]
	epoch, incarnation := first.host.served()["attached"].Epoch, first.Incarnation()
	shared, common := "", uint64(0)
	for id, a := range first.host.served() {
		if id != "attached" {
			shared, common = id, a.Epoch
		}
	}
	if first.Outdated(shared, common) || first.Outdated("attached", epoch) {
		t.Error("readings under a valid lease count as outdated")
	}
	first.wire.Stall()
	until(t, "g1 is evicted", func() bool {
		return members[1].Picture().Member("g1").GetState() == roostv1.MemberState_MEMBER_STATE_EVICTED
	})
	if !first.Outdated(shared, common) || first.Outdated("attached", epoch) {
		t.Error("without a lease, readings of what others can reach are outdated, and no others")
	}
	for len(first.host.calls) > 0 {
		<-first.host.calls
	}
	first.wire.Resume()
	until(t, "g1 owns it again", func() bool {
		return first.Incarnation() != incarnation && first.host.served()["attached"].GetEpoch() > epoch
	})
	if !first.Outdated("attached", epoch) {
		t.Error("readings under an epoch that is over are not outdated")
	}
	for len(first.host.calls) > 0 {
		if c := <-first.host.calls; c.bus == "attached" && c.assignment == nil {
			t.Error("the attached bus was put down")
		}
	}
	if members[1].host.served()["attached"] != nil {
		t.Error("the attached bus was taken over")
	}
}

// TestNeverServedTwiceUnderOneEpoch: a bus that was put down and is to be served again after all gets a new
// epoch: under the old one its sequences would begin anew, and readers would take new readings for
// those that they have.
func TestNeverServedTwiceUnderOneEpoch(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	here, elsewhere := newDevice("d1"), newDevice("d1")
	elsewhere.Placement = &roostv1.Placement{Gateways: []string{"g2"}}
	apply(t, client, here)
	h := newHost("g1")
	begun, end := make(chan struct{}), make(chan struct{})
	h.withdraw = func(context.Context, string) {
		begun <- struct{}{}
		<-end
	}
	g, stop := startGateway(t, hub, h)
	epoch := h.assigned(t, "d1", nil).Epoch
	apply(t, client, elsewhere)
	<-begun // it is being put down
	apply(t, client, here)
	changes := g.Picture().Watch(cluster.KindBus)
	defer changes.Close()
	for g.Picture().Device("d1").GetPlacement() != nil {
		<-changes.Ready()
		changes.Take()
	}
	h.withdraw = nil
	close(end)
	h.withdrawn(t, "d1")
	if again := h.assigned(t, "d1", nil).Epoch; again <= epoch {
		t.Errorf("served again under epoch %d, after %d", again, epoch)
	}
	stop()
}

// TestHangingBusDelaysNobodyElse: a bus that cannot be put down in order holds up neither the other buses nor
// a takeover.
func TestHangingBusDelaysNobodyElse(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(30)
	members := startFleet(t, hub, devices, "g1", "g2", "g3")
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for _, m := range members[:2] {
		m.host.withdraw = func(ctx context.Context, _ string) {
			select {
			case <-ctx.Done():
			case <-release:
			}
		}
	}
	nc := hub.Connect(t)
	if _, err := nc.Request(newFleet(t, hub).GatewayDrain("g1"), nil, askWait); err != nil {
		t.Fatal(err) // every bus of it hangs now
	}
	members[2].wire.Stall()
	t.Cleanup(members[2].wire.Resume)
	until(t, "g2 has taken over what it should have of g3", func() bool {
		return members[0].Picture().Member("g3").GetState() == roostv1.MemberState_MEMBER_STATE_EVICTED && ownedBy(members[1], devices, "g3") == 0
	})
}

// ownedBy counts the buses that a gateway owns.
func ownedBy(m *member, devices []*roostv1.DeviceSpec, gateway string) int {
	n := 0
	for _, d := range devices {
		if m.Picture().Owner(d.Id).Gateway == gateway {
			n++
		}
	}
	return n
}

// TestAnotherStream: when the control stream was lost and made anew, with lower sequences, gateways start
// over: each has another incarnation, and serves what the new registry says.
func TestAnotherStream(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	devices := manyDevices(10)
	members := startFleet(t, hub, devices, "g1", "g2")
	incarnations := []string{members[0].Incarnation(), members[1].Incarnation()}
	names := newFleet(t, hub)
	if err := jetStream(t, hub.Connect(t)).DeleteStream(t.Context(), names.ControlStream()); err != nil {
		t.Fatal(err)
	}
	newFleet(t, hub)
	apply(t, newClient(t, hub), devices[:5]...)
	until(t, "both have started over", func() bool {
		return members[0].Incarnation() != incarnations[0] && members[1].Incarnation() != incarnations[1]
	})
	until(t, "the new registry is served, and nothing else", func() bool {
		return placed(members, devices[:5]) && len(members[0].host.served())+len(members[1].host.served()) == 5
	})
	members[0].stop()
	until(t, "g2 serves all", func() bool { return placed(members[1:], devices[:5]) })
}

// TestOwnerThatNobodyKnows: a bus whose owner has no record at all, or left before it was made the owner, is
// settled and served.
func TestOwnerThatNobodyKnows(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	apply(t, newClient(t, hub), newDevice("d1"), newDevice("d2"))
	nc := hub.Connect(t)
	publish(t, nc, names.Member("gone"), encode(t, &roostv1.Member{
		GatewayId: "gone", Incarnation: "x", State: roostv1.MemberState_MEMBER_STATE_LEFT,
	}))
	publish(t, nc, names.Owner("d1"), encode(t, &roostv1.Ownership{Bus: "d1", Gateway: "gone", Incarnation: "x"}))
	publish(t, nc, names.Owner("d2"), encode(t, &roostv1.Ownership{Bus: "d2", Gateway: "never", Incarnation: "y"}))
	m := startMember(t, hub, "g1")
	until(t, "both are served", func() bool { return len(m.host.served()) == 2 })
}

// TestLeaseConfig: terms that make no sense are refused before anything is touched.
func TestLeaseConfig(t *testing.T) {
	hub := clustertest.Start(t)
	_, err := cluster.NewGateway(cluster.Config{
		ID: "g1", Conn: hub.Connect(t), Host: newHost("g1"), Lease: lease.Terms{Lease: time.Millisecond},
	})
	if err == nil || !strings.Contains(err.Error(), "lease of 1ms") {
		t.Errorf("got %v, want an error that names the lease", err)
	}
}

package cluster_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// askWait bounds the wait for an answer; far more than it takes.
const askWait = 20 * time.Second

// TestGatewayServes follows a device from its registration to its retirement.
func TestGatewayServes(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	_, stop := startGateway(t, hub, h)
	client := newClient(t, hub)
	ctx := t.Context()

	apply(t, client, newDevice("d1"))
	a := h.assigned(t, "d1", nil)
	if a.Epoch == 0 || len(a.Devices) != 1 || len(a.Profiles) != 1 || a.Profiles[0].Id != "thermometer" {
		t.Errorf("assignment: got %v", a)
	}

	devices, err := client.Devices(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(devices) != 1 || devices[0].State != roostv1.DeviceState_DEVICE_STATE_ONLINE || devices[0].Gateway != "g1" || devices[0].Epoch != a.Epoch {
		t.Errorf("devices: got %v", devices)
	}
	buses, err := client.Buses(ctx)
	if err != nil || len(buses) != 1 || buses[0].Gateway != "g1" || buses[0].Epoch != a.Epoch || buses[0].Answering != 1 {
		t.Errorf("buses: got %v, %v", buses, err)
	}
	view, err := client.Device(ctx, "d1")
	if err != nil || view.Profile.GetId() != "thermometer" || view.Spec.Revision != 1 || view.Status.Gateway != "g1" {
		t.Errorf("device: got %v, %v", view, err)
	}
	gateways, err := client.Gateways(ctx)
	if err != nil || len(gateways) != 1 || !gateways[0].Answers || gateways[0].Status.DevicesOnline != 1 || gateways[0].Status.Buses != 1 {
		t.Errorf("gateways: got %v, %v", gateways, err)
	}

	record, err := client.Send(ctx, &roostv1.Command{DeviceId: "d1", Name: "set", Arguments: map[string]*roostv1.Value{"limit": roostv1.Double(3)}}, 0)
	if err != nil || record.State != roostv1.CommandState_COMMAND_STATE_SUCCEEDED || record.CommandId == "" {
		t.Errorf("send: got %v, %v", record, err)
	}
	if err := client.Release(ctx, "d1"); err != nil || len(h.release) != 1 {
		t.Errorf("release: got %v, released %v", err, h.release)
	}

	if err := client.Lock(ctx, "d1"); err != nil {
		t.Fatal(err)
	}
	h.assigned(t, "d1", func(a *roostv1.Assignment) bool {
		return a.Devices[0].AdminState == roostv1.AdminState_ADMIN_STATE_LOCKED && a.Devices[0].Revision == 2
	})
	if err := client.Retire(ctx, "d1"); err != nil {
		t.Fatal(err)
	}
	h.withdrawn(t, "d1")
	if devices, err := client.Devices(ctx); err != nil || len(devices) != 0 {
		t.Errorf("devices after retirement: got %v, %v", devices, err)
	}
	if err := client.Unlock(ctx, "d1"); !errors.Is(err, roostv1.ErrNotFound) {
		t.Errorf("unlock after retirement: got %v, want ErrNotFound", err)
	}
	if view, err := client.Device(ctx, "d1"); err != nil || view.Status.State != roostv1.DeviceState_DEVICE_STATE_RETIRED {
		t.Errorf("device after retirement: got %v, %v", view, err)
	}
	stop()
	gateways, err = client.Gateways(ctx)
	if err != nil || len(gateways) != 1 || gateways[0].Status.State != roostv1.MemberState_MEMBER_STATE_LEFT {
		t.Errorf("gateways after the end: got %v, %v", gateways, err)
	}
}

// TestGatewayEpochsGrow: each owner has a greater epoch than the one before, whoever it is,
// and whether that one left in order or died.
func TestGatewayEpochsGrow(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))

	first := newHost("g1")
	_, stop := startGateway(t, hub, first)
	epoch := first.assigned(t, "d1", nil).Epoch
	stop()
	first.withdrawn(t, "d1")

	second := newHost("g2")
	_, stop = startGateway(t, hub, second)
	next := second.assigned(t, "d1", nil).Epoch
	if next <= epoch {
		t.Errorf("epoch after an ordered end: got %d, want more than %d", next, epoch)
	}
	stop()

	// A run that died has not left: its buses are its successor's.
	names := newFleet(t, hub)
	nc := hub.Connect(t)
	publish(t, nc, names.Owner("d1"), encode(t, &roostv1.Ownership{Bus: "d1", Gateway: "g3", Incarnation: "died"}))
	third := newHost("g3")
	startGateway(t, hub, third)
	if last := third.assigned(t, "d1", nil).Epoch; last <= next {
		t.Errorf("epoch after a death: got %d, want more than %d", last, next)
	}
}

// TestGatewayPlacement: a gateway claims only buses all of whose devices may be there.
func TestGatewayPlacement(t *testing.T) {
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	elsewhere, here, labelled, last := newDevice("elsewhere"), newDevice("here"), newDevice("labelled"), newDevice("zlast")
	elsewhere.Placement = &roostv1.Placement{Gateways: []string{"g2"}}
	here.Placement = &roostv1.Placement{Gateways: []string{"g2", "g1"}}
	labelled.Placement = &roostv1.Placement{Selector: map[string]string{"site": "north"}}
	apply(t, client, elsewhere, here, labelled, last)

	h := newHost("g1")
	startGateway(t, hub, h, func(c *cluster.Config) { c.Labels = map[string]string{"site": "south"} })
	got := map[string]bool{}
	await(t, "assignments", h.calls, func(c hostCall) bool {
		got[c.bus] = true
		return got["here"] && got["zlast"]
	})
	devices, err := client.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range devices {
		want := roostv1.DeviceState_DEVICE_STATE_UNPLACED
		if d.DeviceId == "here" || d.DeviceId == "zlast" {
			want = roostv1.DeviceState_DEVICE_STATE_ONLINE
		}
		if d.State != want {
			t.Errorf("device %s: got %v, want %v", d.DeviceId, d.State, want)
		}
	}
	buses, err := client.Buses(t.Context())
	if err != nil || len(buses) != 4 {
		t.Fatalf("buses: got %v, %v", buses, err)
	}
	for _, b := range buses {
		if served := b.Bus == "here" || b.Bus == "zlast"; b.Devices != 1 || served != (b.Gateway == "g1") {
			t.Errorf("bus %v: want it served: %v", b, served)
		}
	}
	// A command to a device that nobody serves waits, and says what for.
	record, err := client.Send(t.Context(), setLimit("", "elsewhere"), time.Millisecond)
	if err != nil || record.State != accepted || record.QueueReason != roostv1.QueueReason_QUEUE_REASON_NO_OWNER {
		t.Errorf("send to an unplaced device: got %v, %v, want ACCEPTED for want of an owner", record, err)
	}
}

// TestGatewayMany: many buses are claimed in batches, also when some of them are taken, and given up in order.
func TestGatewayMany(t *testing.T) {
	const many = 3000
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	var devices []*roostv1.DeviceSpec
	for i := range many {
		devices = append(devices, newDevice(fmt.Sprintf("d%05d", i)))
	}
	apply(t, client, devices...)
	nc := hub.Connect(t)
	// It is not evicted before the test is over.
	publish(t, nc, names.Member("g9"), encode(t, &roostv1.Member{
		GatewayId: "g9", Incarnation: "other", State: roostv1.MemberState_MEMBER_STATE_DRAINING, Lease: durationpb.New(5 * time.Minute),
	}))
	for _, taken := range []string{"d00007", "d01500"} {
		publish(t, nc, names.Owner(taken), encode(t, &roostv1.Ownership{Bus: taken, Gateway: "g9", Incarnation: "other"}))
	}
	h := newHost("g1")
	_, stop := startGateway(t, hub, h)
	got := map[string]bool{}
	await(t, "assignments", h.calls, func(c hostCall) bool {
		got[c.bus] = true
		return len(got) == many-2
	})
	if got["d00007"] || got["d01500"] {
		t.Error("buses of another gateway were taken")
	}
	stop()
	if left, _ := h.Statuses("", many); len(left) != 0 {
		t.Errorf("%d devices are still served after the end", len(left))
	}
	next := newHost("g2")
	startGateway(t, hub, next)
	got = map[string]bool{}
	await(t, "assignments to the next gateway", next.calls, func(c hostCall) bool {
		got[c.bus] = true
		return len(got) == many-2
	})
}

// TestGatewayStopsEarly: a gateway that is stopped while its claims are on their way gives up those too.
func TestGatewayStopsEarly(t *testing.T) {
	const many = 1200 // more than go in one batch
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	var devices []*roostv1.DeviceSpec
	for i := range many {
		devices = append(devices, newDevice(fmt.Sprintf("d%05d", i)))
	}
	apply(t, newClient(t, hub), devices...)
	picture, _ := follow(t, hub, names)
	changes := picture.Watch()
	defer changes.Close()
	h := newHost("g1")
	_, stop := startGateway(t, hub, h)
	for picture.Owner("d00000").Gateway == "" { // the first claims have landed
		<-changes.Ready()
		changes.Take()
	}
	stop()
	for picture.Member("g1").GetState() != roostv1.MemberState_MEMBER_STATE_LEFT {
		<-changes.Ready()
		changes.Take()
	}
	for i := range many {
		if owner := picture.Owner(fmt.Sprintf("d%05d", i)); owner.Gateway != "" {
			t.Fatalf("bus d%05d is still owned by %s, which left", i, owner.Gateway)
		}
	}
}

// TestGatewayContest: gateways that start together share the buses: each has one owner, and
// every gateway knows which.
func TestGatewayContest(t *testing.T) {
	t.Parallel() // it mostly waits
	const many = 400
	hub := clustertest.Start(t)
	newFleet(t, hub)
	client := newClient(t, hub)
	var devices []*roostv1.DeviceSpec
	for i := range many {
		devices = append(devices, newDevice(fmt.Sprintf("d%05d", i)))
	}
	apply(t, client, devices...)
	calls := make(chan hostCall, 8*many)
	var hosts []*host
	for _, id := range []string{"g1", "g2", "g3"} {
		h := newHost(id)
		h.calls = calls
		hosts = append(hosts, h)
		startGateway(t, hub, h)
	}
	got := map[string]bool{}
	await(t, "assignments", calls, func(c hostCall) bool {
		got[c.bus] = true
		return len(got) == many
	})
	// server returns who serves a device; nobody does for a moment while it is handed over.
	server := func(device string) string {
		var found *host
		for _, h := range hosts {
			if _, serves := h.Status(device); serves {
				if found != nil {
					if _, still := found.Status(device); still {
						t.Errorf("device %s is served by %s and %s", device, found.gateway, h.gateway)
					}
				}
				found = h
			}
		}
		if found == nil {
			return ""
		}
		return found.gateway
	}
	for _, d := range devices {
		server(d.Id)
	}
	// Whoever is asked, the owner acts. Buses may still be handed over, to share them evenly.
	for _, device := range []string{"d00000", "d00200", "d00399"} {
		for range 10 {
			before := server(device)
			record, err := client.Send(t.Context(), setLimit("", device), 0)
			if after := server(device); err != nil || record.Gateway != before && record.Gateway != after {
				t.Errorf("send to %s: done by %q, %v; want %s, or %s", device, record.GetGateway(), err, before, after)
			}
		}
	}
}

// TestGatewayRetriesHost: what the Host refuses is tried again.
func TestGatewayRetriesHost(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := clustertest.Start(t)
	h := newHost("g1")
	h.fail["d1"] = 2
	startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
}

// TestGatewaySurvivesHub: a gateway that runs when the hub goes away and comes back goes on as before.
func TestGatewaySurvivesHub(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	startGateway(t, hub, h)
	client := newClient(t, hub)
	apply(t, client, newDevice("d1"))
	epoch := h.assigned(t, "d1", nil).Epoch
	hub.Restart()
	retry(t, func() error {
		_, err := client.Apply(t.Context(), fleetOf(newDevice("d2")))
		return err
	})
	h.assigned(t, "d2", nil)
	d, ok := h.Status("d1")
	if !ok || d.Epoch != epoch {
		t.Errorf("d1 after the hub's restart: got %v, want it served under epoch %d", d, epoch)
	}
}

// retry repeats an act while it fails since the hub is away; the acts wait themselves.
func retry(tb testing.TB, act func() error) {
	tb.Helper()
	for {
		err := act()
		if err == nil {
			return
		}
		if !errors.Is(err, roostv1.ErrUnavailable) || tb.Context().Err() != nil {
			tb.Fatal(err)
		}
	}
}

// TestGatewayConfig: a gateway that cannot work is refused at once.
func TestGatewayConfig(t *testing.T) {
	hub := clustertest.Start(t)
	good := cluster.Config{Fleet: "test", ID: "g1", Conn: hub.Connect(t), Host: newHost("g1")}
	for name, spoil := range map[string]func(*cluster.Config){
		"fleet": func(c *cluster.Config) { c.Fleet = "a.b" },
		"id":    func(c *cluster.Config) { c.ID = "" },
		"conn":  func(c *cluster.Config) { c.Conn = nil },
		"host":  func(c *cluster.Config) { c.Host = nil },
		"limit": func(c *cluster.Config) { c.MaxRequests = -1 },
		"leave": func(c *cluster.Config) { c.LeaveTimeout = -1 },
	} {
		bad := good
		spoil(&bad)
		if _, err := cluster.NewGateway(bad); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}

// TestEvents: what a gateway emits reaches whoever listens, and nothing waits for it.
func TestEvents(t *testing.T) {
	hub := clustertest.Start(t)
	client := newClient(t, hub)
	nc := hub.Connect(t)
	events := client.Events(t.Context())
	g, _ := startGateway(t, hub, newHost("g1"))
	g.Emit(nil)
	g.Emit(&roostv1.Event{DeviceId: "d1", Kind: roostv1.EventKind_EVENT_KIND_FAILED, NextDelay: durationpb.New(time.Second)})
	kinds := map[roostv1.EventKind]bool{}
	for e, err := range events {
		if errors.Is(err, roostv1.ErrInvalid) {
			break // the message that is no event, which is sent below
		}
		if err != nil {
			t.Fatal(err)
		}
		if e.Gateway != "g1" || e.At == nil {
			t.Errorf("event without its gateway or time: %v", e)
		}
		kinds[e.Kind] = true
		if kinds[roostv1.EventKind_EVENT_KIND_GATEWAY] && kinds[roostv1.EventKind_EVENT_KIND_FAILED] {
			if err := nc.Publish("roost.test.event.g1", []byte("{broken")); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestServiceIsListed: stock NATS tools find the service.
func TestServiceIsListed(t *testing.T) {
	hub := clustertest.Start(t)
	h := newHost("g1")
	startGateway(t, hub, h)
	apply(t, newClient(t, hub), newDevice("d1"))
	h.assigned(t, "d1", nil)
	reply, err := hub.Connect(t).Request("$SRV.INFO.roost", nil, askWait)
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Metadata  map[string]string
		Endpoints []struct{ Name, Subject string }
	}
	if err := json.Unmarshal(reply.Data, &info); err != nil {
		t.Fatal(err)
	}
	if info.Metadata["gateway"] != "g1" || len(info.Endpoints) != 7 || info.Endpoints[0].Subject != "roost.test.api.send" {
		t.Errorf("service info: got %s", reply.Data)
	}
}

// TestGatewayLeavesOutMisfits: a device that cannot be served as it is written is left out and reported, and
// those beside it are served; once it can be, it is.
func TestGatewayLeavesOutMisfits(t *testing.T) {
	hub := clustertest.Start(t)
	names := newFleet(t, hub)
	client := newClient(t, hub)
	nc := hub.Connect(t)
	events := client.Events(t.Context())
	good, misfit := newDevice("good"), newDevice("misfit")
	good.Bus, misfit.Bus, misfit.Profile = "line", "line", "unheard-of"
	apply(t, client, good)
	put(t, nc, names.Device("misfit"), encode(t, misfit)) // past the registry, which would refuse it

	h := newHost("g1")
	startGateway(t, hub, h)
	a := h.assigned(t, "line", nil)
	if len(a.Devices) != 1 || a.Devices[0].Id != "good" {
		t.Errorf("got %v, want only the good one", a.Devices)
	}
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == roostv1.EventKind_EVENT_KIND_BAD_RECORD {
			if e.DeviceId != "misfit" || !strings.Contains(e.Message, "unheard-of") {
				t.Errorf("report: got %v", e)
			}
			break
		}
	}
	profile := thermometer()
	profile.Id = "unheard-of"
	if _, err := client.Apply(t.Context(), &roostv1.Fleet{Profiles: []*roostv1.Profile{profile}}); err != nil {
		t.Fatal(err)
	}
	h.assigned(t, "line", func(a *roostv1.Assignment) bool { return len(a.Devices) == 2 && len(a.Profiles) == 2 })
}

// TestHear: what the gateway itself tells is heard here, also what nobody else can be told.
func TestHear(t *testing.T) {
	hub := clustertest.Start(t)
	heard := make(chan *roostv1.Event, 64)
	newFleet(t, hub)
	g, err := cluster.NewGateway(cluster.Config{
		Fleet: "test", ID: "g1", Conn: hub.Connect(t), Host: newHost("g1"), Lease: lease.Terms{Lease: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Hear(func(e *roostv1.Event) { heard <- e })
	runs(t, g.Run)
	says := func(text string) {
		e := await(t, text, heard, func(e *roostv1.Event) bool { return strings.Contains(e.Message, text) })
		if e.Gateway != "g1" || e.At == nil {
			t.Errorf("event without its gateway or time: %v", e)
		}
	}
	says("joined")
	hub.Stop()
	says("is suspended")
	g.Emit(&roostv1.Event{DeviceId: "d1", Message: "failed alone"})
	says("failed alone")
	hub.Restart()
	says("no longer suspended")
}

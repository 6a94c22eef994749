package cluster_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/durable"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// outpost is a gateway with a folder, whose hub comes and goes.
type outpost struct {
	hub    *clustertest.Hub
	folder string
	names  cluster.Subjects
	events chan *roostv1.Event
}

// attachedDevice is a device that only that gateway can reach.
func attachedDevice(id, gateway string) *roostv1.DeviceSpec {
	d := newDevice(id)
	d.Placement = &roostv1.Placement{Gateways: []string{gateway}}
	return d
}

// newOutpost registers devices, and has gateway g1 serve its own once, so that it has stored what it needs.
func newOutpost(t *testing.T, devices ...*roostv1.DeviceSpec) *outpost {
	t.Helper()
	o := &outpost{hub: clustertest.Start(t), folder: t.TempDir(), events: make(chan *roostv1.Event, 1<<12)}
	o.names = newFleet(t, o.hub)
	apply(t, newClient(t, o.hub), devices...)
	h := newHost("g1").keeps()
	g, stop := o.run(t, h, patiently)
	o.stored(t, g)
	stop()
	return o
}

// stored waits until the gateway has stored the registry with an epoch for each bus that it has.
func (o *outpost) stored(t *testing.T, g *cluster.Gateway) {
	t.Helper()
	until(t, "all of g1's buses are stored", func() bool {
		s := o.snapshot(t)
		for _, d := range s.GetDevices() {
			if owner := g.Picture().Owner(d.BusID()); owner.Epoch == 0 || s.Epochs[d.BusID()] != owner.Epoch {
				return false
			}
		}
		return s != nil
	})
}

// snapshot reads the stored registry as the next process would; nil if there is none.
func (o *outpost) snapshot(t *testing.T) *roostv1.RegistrySnapshot {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(o.folder, "registry"))
	if err != nil {
		return nil
	}
	s := &roostv1.RegistrySnapshot{}
	if err := proto.Unmarshal(data[len("roost edge 1\n")+4:], s); err != nil {
		t.Fatal(err)
	}
	return s
}

// run runs gateway g1 on the folder, whether the hub is there or not.
func (o *outpost) run(t *testing.T, h *host, change ...func(*cluster.Config)) (*cluster.Gateway, func()) {
	t.Helper()
	nc, err := cluster.ConnectGateway(o.hub.URL(), h.gateway, clustertest.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	edge, err := cluster.OpenEdge(o.folder, "test", h.gateway)
	if err != nil {
		t.Fatal(err)
	}
	config := cluster.Config{
		Fleet: "test", ID: h.gateway, Conn: nc, Host: h, Logger: clustertest.Logger(t), LeaveTimeout: askWait,
		Lease: lease.Terms{Lease: time.Second}, Edge: edge, BootID: "boot-1", HubWait: 100 * time.Millisecond,
	}
	for _, c := range change {
		c(&config)
	}
	g, err := cluster.NewGateway(config)
	if err != nil {
		t.Fatal(err)
	}
	g.Hear(func(e *roostv1.Event) {
		select {
		case o.events <- e:
		default:
		}
	})
	h.cluster.Store(g)
	return g, runs(t, g.Run)
}

// patiently has a gateway wait for a hub that is there, however slow the machine is.
func patiently(c *cluster.Config) { c.HubWait = time.Minute }

// files are the names of the commands that are stored.
func (o *outpost) files(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(o.folder, "commands"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !durable.Unfinished(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}

// awayFrom waits until the gateway knows that the hub is away.
func awayFrom(t *testing.T, g *cluster.Gateway) {
	t.Helper()
	until(t, "the hub counts as away", func() bool {
		_, away := g.HubAway()
		return away
	})
}

// TestStartsWithoutTheHub: devices that only this gateway can reach are served from the stored registry, under the
// epoch that they had and with what is desired of them; nothing else is touched. When the hub comes they are served
// under a new epoch, and those that were retired meanwhile are put down.
func TestStartsWithoutTheHub(t *testing.T) {
	t.Parallel()
	byLabel := newDevice("label")
	byLabel.Placement = &roostv1.Placement{Selector: map[string]string{"site": "north"}}
	labels := func(c *cluster.Config) { c.Labels = map[string]string{"site": "north"} }
	o := &outpost{hub: clustertest.Start(t), folder: t.TempDir(), events: make(chan *roostv1.Event, 1<<12)}
	o.names = newFleet(t, o.hub)
	client := newClient(t, o.hub)
	apply(t, client, attachedDevice("pump", "g1"), attachedDevice("old", "g1"), attachedDevice("other", "g2"), newDevice("shared"), byLabel)
	if _, err := client.SetDesired(t.Context(), "pump", map[string]*roostv1.Value{"limit": roostv1.Double(3)}, nil, "", ""); err != nil {
		t.Fatal(err)
	}
	first := newHost("g1").keeps()
	g, stop := o.run(t, first, labels)
	first.assigned(t, "shared", nil)
	o.stored(t, g)
	until(t, "what is desired is stored", func() bool { return len(o.snapshot(t).GetDesired()) == 1 })
	stop()
	epoch := o.snapshot(t).Epochs["pump"]
	if err := client.Retire(t.Context(), "old"); err != nil {
		t.Fatal(err)
	}
	o.hub.Stop()

	h := newHost("g1").keeps()
	g, _ = o.run(t, h, labels)
	a := h.assigned(t, "pump", nil)
	if a.Epoch != epoch || len(a.Devices) != 1 || len(a.Profiles) != 1 || len(a.Desired) != 1 {
		t.Errorf("without the hub: got %v, want the device, its profile and what is desired under epoch %d", a, epoch)
	}
	until(t, "both of its own are served", func() bool { return len(h.served()) == 2 })
	if !g.UntilAlone(t.Context()) {
		t.Fatal("nothing is served without the hub")
	}
	if n, revision := g.Alone(); n != 2 || revision != o.snapshot(t).Revision {
		t.Errorf("alone: got %d devices at revision %d, want 2 at %d", n, revision, o.snapshot(t).Revision)
	}
	story, err := g.LocalStory("pump")
	if err != nil || !story.Attached || story.Epoch != epoch || story.RegistryRevision == 0 || story.Owner != "g1" {
		t.Errorf("story: got %v, %v", story, err)
	}
	status := g.Status()
	if status.RegistryRevision == 0 || status.HubAway == nil || !status.Suspended {
		t.Errorf("status: got %v, want the revision, and that the hub is away", status)
	}
	for bus := range h.served() {
		if bus != "pump" && bus != "old" {
			t.Errorf("bus %s is served without the hub", bus)
		}
	}

	o.hub.Restart()
	until(t, "all is served under new epochs", func() bool {
		served := h.served()
		return served["shared"] != nil && served["pump"].GetEpoch() > epoch
	})
	until(t, "what was retired is put down", func() bool { return h.served()["old"] == nil })
	if status := g.Status(); status.HubAway != nil {
		t.Errorf("the hub is back, and away for %v", status.HubAway.AsDuration())
	}
}

// TestSharedIsNotServedWithoutTheHub: whatever a stored registry says, a bus that others can reach is not served.
func TestSharedIsNotServedWithoutTheHub(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	o.hub.Stop()
	s := o.snapshot(t)
	shared := newDevice("shared")
	s.Devices = append(s.Devices, shared)
	writeSealed(t, filepath.Join(o.folder, "registry"), s)
	h := newHost("g1").keeps()
	o.run(t, h)
	h.assigned(t, "pump", nil)
	awayFor := time.NewTimer(300 * time.Millisecond)
	defer awayFor.Stop()
	<-awayFor.C
	if served := h.served(); len(served) != 1 {
		t.Errorf("served without the hub: %v", served)
	}
}

// TestKeepsAttachedWithoutTheHub: a gateway that loses the hub puts nothing down that is its own, and it stays under
// its epoch, also when the hub is back.
func TestKeepsAttachedWithoutTheHub(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	h := newHost("g1")
	g, _ := o.run(t, h, patiently)
	a := h.assigned(t, "pump", nil)
	o.hub.Stop()
	awayFrom(t, g)
	r, err := sendLocal(t, g, setLimit("one", "pump"))
	if err != nil || r.State != succeeded || r.LocalGateway != "g1" {
		t.Fatalf("got %v, %v", r, err)
	}
	o.hub.Restart()
	until(t, "the command is merged", func() bool { return len(o.files(t)) == 0 })
	if now := h.served()["pump"]; now == nil || now.Epoch != a.Epoch {
		t.Errorf("after the outage: got %v, want epoch %d", now, a.Epoch)
	}
	if r := recordAt(t, o.hub.Connect(t), o.names, "pump", "one"); r.GetState() != succeeded || r.LocalGateway != "g1" {
		t.Errorf("at the hub: got %v", r)
	}
	if r, err := send(t, g, setLimit("two", "pump"), askWait); err != nil || r.State != succeeded {
		t.Errorf("a command after the outage: got %v, %v", r, err)
	}
}

// TestUnusableRegistry: a stored registry that is damaged, or another fleet's or gateway's, is told of and not used.
func TestUnusableRegistry(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, attachedDevice("pump", "g1"))
	o.hub.Stop()
	path := filepath.Join(o.folder, "registry")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, content := range map[string][]byte{
		"cut off": good[:len(good)-3], "flipped": flipped, "empty": {}, "something else": []byte("hello"),
		"another device":  bytes.ReplaceAll(good, []byte("pump"), []byte("tank")),
		"another fleet":   sealed(t, &roostv1.RegistrySnapshot{Fleet: "else", GatewayId: "g1"}),
		"another gateway": sealed(t, &roostv1.RegistrySnapshot{Fleet: "test", GatewayId: "g2"}),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			h := newHost("g1").keeps()
			g, _ := o.run(t, h)
			await(t, "an event", o.events, func(e *roostv1.Event) bool { return e.Kind == roostv1.EventKind_EVENT_KIND_BAD_RECORD })
			awayFrom(t, g)
			if served := h.served(); len(served) > 0 {
				t.Errorf("served: %v", served)
			}
		})
	}
}

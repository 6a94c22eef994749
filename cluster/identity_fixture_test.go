package cluster_test

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// securedFleet is a fleet "test" at a secured hub, with the gateway g1, which serves d1 in the north and d2 in the
// south. ann is an operator, ben is limited to the north, and vic views.
type securedFleet struct {
	hub   *clustertest.Secured
	names cluster.Subjects
	admin *nats.Conn
	g1    *cluster.Gateway
	host  *host
}

func newSecuredFleet(t *testing.T, h *host) *securedFleet {
	t.Helper()
	hub := clustertest.StartSecured(t, "test",
		clustertest.User{Name: "g1", Role: access.RoleGateway}, clustertest.User{Name: "g2", Role: access.RoleGateway},
		clustertest.User{Name: "ann", Role: access.RoleOperator}, clustertest.User{Name: "ben", Role: access.RoleLimited},
		clustertest.User{Name: "bob", Role: access.RoleLimited}, clustertest.User{Name: "vic", Role: access.RoleViewer})
	names, err := cluster.SubjectsOf("test")
	if err != nil {
		t.Fatal(err)
	}
	f := &securedFleet{hub: hub, names: names, admin: hub.Dial(t, "admin").Data, host: h}
	f.grant(t, &roostv1.Grant{Name: "ben", Role: "limited", Selector: "site=north"})
	f.g1 = f.start(t, h)
	client := f.client(t, "ann")
	apply(t, client, sited("d1", "north"), sited("d2", "south"))
	await(t, "assignment of both", h.calls, func(hostCall) bool { return len(h.served()) == 2 })
	return f
}

// sited is a device with the label of a site.
func sited(id, site string) *roostv1.DeviceSpec {
	d := newDevice(id)
	d.Labels = map[string]string{"site": site}
	return d
}

// start runs a gateway with its own credential.
func (f *securedFleet) start(t *testing.T, h *host) *cluster.Gateway {
	t.Helper()
	link, err := cluster.ConnectGatewayAs(f.hub.Credential(h.gateway), clustertest.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(link.Close)
	g, _ := runGateway(t, cluster.Config{
		Fleet: "test", ID: h.gateway, Version: "v1", Conn: link.Data, Talk: link.Talk, Host: h, Logger: clustertest.Logger(t),
		LeaveTimeout: askWait, Lease: lease.Terms{Lease: askWait / 2},
	})
	return g
}

func (f *securedFleet) client(t *testing.T, name string) *cluster.Client {
	t.Helper()
	client, err := cluster.NewClientOver(f.hub.Dial(t, name), "test")
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// grant writes what a name may do, as the hub's admin does.
func (f *securedFleet) grant(t *testing.T, g *roostv1.Grant) uint64 {
	t.Helper()
	return f.write(t, f.names.Access(g.Name), g)
}

// write writes a record as the hub's admin, and returns its sequence.
func (f *securedFleet) write(t *testing.T, subject string, m proto.Message) uint64 {
	t.Helper()
	ack, err := jetStream(t, f.admin).Publish(t.Context(), subject, encode(t, m))
	if err != nil {
		t.Fatalf("write %s: %v", subject, err)
	}
	return ack.Sequence
}

// seen waits until the gateway has seen a record.
func (f *securedFleet) seen(t *testing.T, g *cluster.Gateway, sequence uint64) {
	t.Helper()
	if err := g.Picture().Wait(t.Context(), sequence); err != nil {
		t.Fatal(err)
	}
}

// refused are the events that tell of refusals, from now on.
func (f *securedFleet) refused(t *testing.T) <-chan *roostv1.Event {
	t.Helper()
	events := make(chan *roostv1.Event, 100)
	ctx, cancel := context.WithCancel(t.Context())
	all := f.client(t, "vic").Events(ctx) // listens from here on
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e, err := range all {
			if err == nil && e.Kind == roostv1.EventKind_EVENT_KIND_ACCESS {
				events <- e
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return events
}

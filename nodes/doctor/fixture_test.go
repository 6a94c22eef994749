package doctor_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/nodes/doctor"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestMain lets the test binary be a server of a hub as well.
func TestMain(m *testing.M) { clustertest.Main(m) }

// longest bounds what must not take long.
const longest = 20 * time.Second

// dial is a Connect for the hub at url.
func dial(url string, opts ...nats.Option) func(context.Context) (cluster.Link, error) {
	return func(ctx context.Context) (cluster.Link, error) {
		nc, err := cluster.ConnectClient(ctx, url, "doctor test", nil, opts...)
		return cluster.Link{Data: nc}, err
	}
}

// examine returns the findings by their checks.
func examine(t *testing.T, cfg doctor.Config) map[string]doctor.Finding {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	found := map[string]doctor.Finding{}
	if err := doctor.Examine(ctx, cfg, func(f doctor.Finding) {
		if f.Check == "" || f.Seen == "" || found[f.Check].Check != "" {
			t.Errorf("found %+v", f)
		}
		found[f.Check] = f
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

// want checks one finding: what is not ok says how to mend it.
func want(t *testing.T, found map[string]doctor.Finding, check string, state doctor.State, text string) {
	t.Helper()
	f := found[check]
	if f.State != state || !strings.Contains(f.Seen, text) || f.State >= doctor.Warning && f.Mend == "" {
		t.Errorf("%s: found %+v, want %s and %q", check, f, state, text)
	}
}

// roostHub is a hub as roost hub runs it.
func roostHub(t *testing.T) *hub.Hub {
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
	return h
}

// connected is a connection that ends with the test.
func connected(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := cluster.ConnectClient(t.Context(), url, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// serve runs a gateway until the test ends, and returns when it has joined.
func serve(t *testing.T, url string, cfg gateway.Config) {
	t.Helper()
	cfg.Conn = connected(t, url)
	g, err := gateway.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	ready, late := context.WithTimeout(t.Context(), longest)
	defer late()
	if err := g.Ready(ready); err != nil {
		t.Fatal(err)
	}
}

// names are those of the fleet in tests.
func names(t *testing.T) cluster.Subjects {
	t.Helper()
	n, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fleetOf makes the streams of a fleet at a hub.
func fleetOf(t *testing.T, nc *nats.Conn) {
	t.Helper()
	if err := (cluster.Schema{}).Ensure(t.Context(), nc, names(t)); err != nil {
		t.Fatal(err)
	}
}

// record writes a record to the hub.
func record(t *testing.T, nc *nats.Conn, subject string, m proto.Message) {
	t.Helper()
	data, err := roostv1.Marshal(m, false)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := nc.Request(subject, data, longest)
	if err != nil || strings.Contains(string(reply.Data), `"error"`) {
		t.Fatalf("write %s: %v %s", subject, err, reply.Data)
	}
}

// pretend is a gateway that is on record and answers what it is told to.
func pretend(t *testing.T, nc *nats.Conn, status *roostv1.GatewayStatus, devices ...*roostv1.DeviceStatus) {
	t.Helper()
	member := &roostv1.Member{
		GatewayId: status.GatewayId, Incarnation: "i-" + status.GatewayId, State: status.State, Version: status.Version,
	}
	record(t, nc, names(t).Member(status.GatewayId), member)
	sub, err := nc.Subscribe(names(t).GatewayStatus(status.GatewayId), func(m *nats.Msg) {
		if data, err := roostv1.Marshal(&roostv1.StatusResponse{Gateway: status, Devices: devices}, false); err == nil {
			_ = m.Respond(data)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Unsubscribe() })
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

func live(id string, change func(*roostv1.GatewayStatus)) *roostv1.GatewayStatus {
	s := &roostv1.GatewayStatus{GatewayId: id, State: roostv1.MemberState_MEMBER_STATE_LIVE, Version: "v1.0.0"}
	change(s)
	return s
}

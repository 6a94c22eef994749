package doctor_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/doctor"
	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestHealthy: a fleet that is as it should be has nothing to mend.
func TestHealthy(t *testing.T) {
	h := roostHub(t)
	serve(t, h.URL(), gateway.Config{ID: "gw-1", Version: "v1.0.0", Lease: 10 * time.Second})
	for check, f := range examine(t, doctor.Config{Connect: dial(h.URL()), Folder: t.TempDir(), Version: "v1.0.0"}) {
		if f.State != doctor.OK || f.Mend != "" {
			t.Errorf("%s: %+v", check, f)
		}
	}
}

// TestHubAway: that is what is found, and what needs no hub is looked at.
func TestHubAway(t *testing.T) {
	found := examine(t, doctor.Config{Connect: dial("nats://127.0.0.1:1"), Folder: t.TempDir()})
	want(t, found, "hub", doctor.Unsafe, "hub at nats://127.0.0.1:1 cannot be reached")
	want(t, found, "streams", doctor.Unknown, "the hub is away")
	want(t, found, "disk", doctor.OK, "a sync takes")
	if len(found) < 19 {
		t.Errorf("%d findings", len(found))
	}
}

// TestTimeIsBounded: what there is no time for is told.
func TestTimeIsBounded(t *testing.T) {
	h := roostHub(t)
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	late := 0
	err := doctor.Examine(ctx, doctor.Config{Connect: dial(h.URL())}, func(f doctor.Finding) {
		if f.Check == "hub" {
			cancel()
		}
		if f.Seen == "there was no time left to look" && f.State == doctor.Unknown {
			late++
		}
	})
	if err != nil || late < 15 || time.Since(began) > longest/2 {
		t.Errorf("%v: %d checks had no time, after %v", err, late, time.Since(began))
	}
}

func TestFleetWithoutName(t *testing.T) {
	if err := doctor.Examine(t.Context(), doctor.Config{Fleet: "a fleet"}, func(doctor.Finding) {}); err == nil {
		t.Error("the name of the fleet was taken")
	}
}

// TestNewHub: nothing is there yet, and nothing is broken.
func TestNewHub(t *testing.T) {
	found := examine(t, doctor.Config{Connect: dial(roostHub(t).URL())})
	want(t, found, "streams", doctor.Warning, "ROOST_roost_CONTROL is missing")
	want(t, found, "disk", doctor.Unknown, "no folder was named")
	want(t, found, "permissions", doctor.Unknown, "could not be found out")
}

// TestGatewaysFound: those that are silent, suspended, gone, of another version, or live in another time.
func TestGatewaysFound(t *testing.T) {
	h := roostHub(t)
	nc := connected(t, h.URL())
	fleetOf(t, nc)
	cfg := doctor.Config{Connect: dial(h.URL()), Version: "v1.0.0"}
	found := examine(t, cfg)
	want(t, found, "gateways", doctor.Warning, "no gateway is there")

	pretend(t, nc, live("gw-1", func(s *roostv1.GatewayStatus) { s.ClockAhead = durationpb.New(-20 * 365 * 24 * time.Hour) }))
	found = examine(t, cfg)
	want(t, found, "gateways", doctor.OK, "hold their lease: gw-1")
	want(t, found, "versions", doctor.OK, "v1.0.0")
	want(t, found, "clocks", doctor.Warning, "gateway gw-1 is 175200h0m0s behind the hub")
	cfg.Version = "v2.0.0"
	want(t, examine(t, cfg), "versions", doctor.Warning, "this program is v2.0.0")

	record(t, nc, names(t).Member("gw-3"), &roostv1.Member{GatewayId: "gw-3", Incarnation: "i", State: roostv1.MemberState_MEMBER_STATE_EVICTED})
	want(t, examine(t, cfg), "gateways", doctor.Warning, "were evicted: gw-3")
	record(t, nc, names(t).Member("gw-3"), &roostv1.Member{GatewayId: "gw-3", Incarnation: "i", State: roostv1.MemberState_MEMBER_STATE_LEFT})
	want(t, examine(t, cfg), "gateways", doctor.OK, "hold their lease: gw-1")

	pretend(t, nc, live("gw-2", func(s *roostv1.GatewayStatus) { s.Version, s.Suspended = "v2.0.0", true }))
	found = examine(t, cfg)
	want(t, found, "versions", doctor.Warning, "v1.0.0: gw-1; v2.0.0: gw-2")
	want(t, found, "gateways", doctor.Warning, "are suspended and act on no shared device: gw-2")

	record(t, nc, names(t).Member("gw-4"), &roostv1.Member{GatewayId: "gw-4", Incarnation: "i", State: roostv1.MemberState_MEMBER_STATE_LIVE})
	want(t, examine(t, cfg), "gateways", doctor.Warning, "do not answer: gw-4")
}

// TestSpoolsFound: those that cannot keep readings.
func TestSpoolsFound(t *testing.T) {
	h := roostHub(t)
	nc := connected(t, h.URL())
	fleetOf(t, nc)
	spool := func(id string, state roostv1.SpoolState, why string) {
		pretend(t, nc, live(id, func(s *roostv1.GatewayStatus) { s.Spool = &roostv1.SpoolStatus{State: state, Error: why} }))
	}
	cfg := doctor.Config{Connect: dial(h.URL())}
	pretend(t, nc, live("gw-0", func(*roostv1.GatewayStatus) {}))
	spool("gw-1", roostv1.SpoolState_SPOOL_STATE_OK, "")
	want(t, examine(t, cfg), "spools", doctor.OK, "1 gateways keep readings on disk")
	spool("gw-2", roostv1.SpoolState_SPOOL_STATE_FULL, "no space left")
	spool("gw-3", roostv1.SpoolState_SPOOL_STATE_FAILING, "input/output error")
	want(t, examine(t, cfg), "spools", doctor.Unsafe, "gw-2: full: no space left; gw-3: failing: input/output error")
}

// TestDevicesFound: those that nobody serves, or nobody may, and commands that nobody ends.
func TestDevicesFound(t *testing.T) {
	h := roostHub(t)
	nc := connected(t, h.URL())
	fleetOf(t, nc)
	client, err := cluster.NewClient(nc, cluster.DefaultFleet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Apply(t.Context(), &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{Id: "p", Resources: []*roostv1.Resource{{Name: "r", Type: roostv1.ValueType_VALUE_TYPE_INT}}}},
		Devices: []*roostv1.DeviceSpec{
			{Id: "sick", Profile: "p", Driver: "d", Placement: &roostv1.Placement{Gateways: []string{"gw-1"}}},
			{Id: "lost", Profile: "p", Driver: "d", Placement: &roostv1.Placement{Gateways: []string{"gw-1"}}},
			{Id: "nowhere", Profile: "p", Driver: "d", Placement: &roostv1.Placement{Gateways: []string{"gw-9"}}},
			{Id: "patient", Profile: "p", Driver: "d", Placement: &roostv1.Placement{Gateways: []string{"gw-1"}}, Commands: &roostv1.CommandPolicy{DefaultExpiry: durationpb.New(5 * time.Hour)}},
		},
	}); err != nil {
		t.Fatal(err)
	}
	pretend(t, nc, live("gw-1", func(*roostv1.GatewayStatus) {}),
		&roostv1.DeviceStatus{DeviceId: "sick", State: roostv1.DeviceState_DEVICE_STATE_QUARANTINED},
		&roostv1.DeviceStatus{DeviceId: "patient", State: roostv1.DeviceState_DEVICE_STATE_ONLINE})
	accept := func(device, id string, ago time.Duration) {
		record(t, nc, names(t).Command(device, id), &roostv1.CommandRecord{
			CommandId: id, DeviceId: device, Bus: device, State: roostv1.CommandState_COMMAND_STATE_ACCEPTED, Order: 1,
			Command: &roostv1.Command{Id: id, DeviceId: device, Name: "c"}, AcceptedAt: timestamppb.New(time.Now().Add(-ago)),
		})
	}
	accept("sick", "fresh", 0)
	accept("patient", "long", 2*time.Hour)
	cfg := doctor.Config{Connect: dial(h.URL())}
	found := examine(t, cfg)
	want(t, found, "devices", doctor.Warning, "1 of 4 are online; 1 in quarantine: sick")
	want(t, found, "placement", doctor.Warning, "2 are served by nobody: lost, nowhere; no gateway may serve nowhere (gw-1: ")
	eventually(t, cfg, "commands", doctor.OK, "2 have not ended") // the history lags a little
	accept("sick", "stale", 2*time.Hour)
	eventually(t, cfg, "commands", doctor.Warning, "1 have not ended after their deadline: sick stale")
}

// TestDiskFound: a folder that cannot be used.
func TestDiskFound(t *testing.T) {
	found := examine(t, doctor.Config{Connect: dial("nats://127.0.0.1:1"), Folder: filepath.Join(t.TempDir(), "missing")})
	want(t, found, "disk", doctor.Unsafe, "the folder cannot be written to")
}

// TestRefusedCredentials: a hub that does not let in is one that is away.
func TestRefusedCredentials(t *testing.T) {
	url := stock(t, secured)
	want(t, examine(t, doctor.Config{Connect: dial(url, nats.UserInfo("op", "wrong"))}), "hub", doctor.Unsafe, "refused who has no credentials for it")
}

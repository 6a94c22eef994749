package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/control"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/health"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// spot is a gateway with a die, a hub, and what is told on its machine.
type spot struct {
	hub     *hub.Hub
	url     string // of its health
	local   *control.Client
	client  *cluster.Client
	gateway *gateway.Gateway
}

// newSpot starts all of it; it ends with the test. change changes the die.
func newSpot(t *testing.T, change func(*roostv1.DeviceSpec)) *spot {
	t.Helper()
	s := &spot{}
	var err error
	if s.hub, err = hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.hub.Close() })
	nc, err := cluster.ConnectGateway(s.hub.URL(), "gw-1", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if s.gateway, err = gateway.New(gateway.Config{
		ID: "gw-1", Conn: nc, Lease: 500 * time.Millisecond, Drivers: map[string]actors.Driver{"dice": dice{}},
	}); err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "roost") // its path is short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	watch, err := health.Open(health.Config{Address: "127.0.0.1:0", Subject: s.gateway.Health()})
	if err != nil {
		t.Fatal(err)
	}
	desk, err := control.Open(control.Config{Folder: folder, Fleet: s.gateway.Local()})
	if err != nil {
		t.Fatal(err)
	}
	s.url, s.local = watch.URL(), control.NewClient(folder)
	for _, run := range []func(context.Context) error{s.gateway.Run, watch.Run, desk.Run} {
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- run(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	if s.client, err = cluster.NewClient(nc, cluster.DefaultFleet); err != nil {
		t.Fatal(err)
	}
	fleet := &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{Id: "dice", Resources: []*roostv1.Resource{{Name: "eyes", Type: roostv1.ValueType_VALUE_TYPE_INT}}}},
		Devices:  []*roostv1.DeviceSpec{{Id: "dice-1", Profile: "dice", Driver: "dice", PollInterval: durationpb.New(20 * time.Millisecond)}},
	}
	change(fleet.Devices[0])
	if err := s.gateway.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.Apply(t.Context(), fleet); err != nil {
		t.Fatal(err)
	}
	return s
}

// get asks a real question after its health.
func (s *spot) get(t *testing.T, path string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// until asks until the answer has a text.
func (s *spot) until(t *testing.T, path, text string) (code int, body string) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	late := time.After(20 * time.Second)
	for {
		if code, body = s.get(t, path); strings.Contains(body, text) {
			return code, body
		}
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%s never had %q; it is %d\n%s", path, text, code, body)
		}
	}
}

// TestWatchedAttached: with its hub and without, a gateway tells where it stands, and it is ready as long as a device
// runs that it alone can reach.
func TestWatchedAttached(t *testing.T) {
	s := newSpot(t, func(d *roostv1.DeviceSpec) { d.Placement = &roostv1.Placement{Gateways: []string{"gw-1"}} })
	for _, err := range s.local.Readings(t.Context(), control.ReadingsQuery{Follow: true}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if code, body := s.get(t, "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %s", code, body)
	}
	if code, body := s.get(t, "/readyz"); code != 200 || !strings.HasPrefix(body, `{"ready":true,"who":"gateway gw-1 of fleet roost"`) {
		t.Errorf("readyz: %d %s", code, body)
	}
	for _, want := range []string{
		`roost_devices{state="online"} 1`, "roost_buses 1", "roost_gateway_joined 1", "roost_gateway_suspended 0", "roost_hub_connected 1",
		"roost_hub_away_seconds 0", "roost_lease_seconds 0.5", "roost_lease_remaining_seconds 0.", "roost_readings_stored_total ",
		"roost_clock_ahead_seconds ", "roost_store_failing 0", "go_goroutines ",
	} {
		s.until(t, "/metrics", "\n"+want)
	}
	if err := s.hub.Close(); err != nil {
		t.Error(err)
	}
	s.until(t, "/readyz", "1 device is online without one") // on a busy machine before it is seen that the hub is away
	code, body := s.until(t, "/readyz", "the hub is away")
	if code != 200 || !strings.Contains(body, "1 device is online without one") {
		t.Errorf("readyz: %d %s", code, body)
	}
	if code, body := s.get(t, "/healthz"); code != 200 {
		t.Errorf("healthz: %d %s", code, body)
	}
	for _, want := range []string{"roost_gateway_suspended 1", "roost_hub_connected 0", "roost_lease_remaining_seconds 0\n"} {
		s.until(t, "/metrics", "\n"+want)
	}
	if devices, err := s.local.Devices(t.Context()); err != nil || len(devices) != 1 || devices[0].State != roostv1.DeviceState_DEVICE_STATE_ONLINE {
		t.Errorf("devices: %v and %v", devices, err)
	}
	if story, err := s.local.Why(t.Context(), "dice-1"); err != nil || story.Owner != "gw-1" || !story.Attached {
		t.Errorf("why: %v and %v", story, err)
	}
	if d, err := s.local.Device(t.Context(), "dice-1"); err != nil || d.Profile.GetId() != "dice" || d.Spec.GetDriver() != "dice" || len(d.Status.Resources) != 1 {
		t.Errorf("device: %v and %v", d, err)
	}
}

// TestWatchedShared: a gateway that has nothing but shared devices does not serve while its hub is away.
func TestWatchedShared(t *testing.T) {
	s := newSpot(t, func(*roostv1.DeviceSpec) {})
	s.until(t, "/metrics", "\n"+`roost_devices{state="online"} 1`)
	if _, err := s.local.Send(t.Context(), &roostv1.Command{DeviceId: "dice-1", Name: "load"}, time.Second); !errors.Is(err, roostv1.ErrUnavailable) {
		t.Errorf("a command beside the hub: %v", err)
	}
	if err := s.hub.Close(); err != nil {
		t.Error(err)
	}
	if code, body := s.until(t, "/readyz", "no device that runs without one"); code != 503 || !strings.HasPrefix(body, `{"ready":false,`) {
		t.Errorf("readyz: %d %s", code, body)
	}
	s.until(t, "/metrics", "\n"+`roost_devices{state="suspended"} 1`)
}

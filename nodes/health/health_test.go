package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/nodes/health"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// subject is as well as it says.
type subject struct {
	live   func(context.Context) error
	report health.Report
	state  health.GatewayState
}

func (s *subject) Live(ctx context.Context) error {
	if s.live == nil {
		return nil
	}
	return s.live(ctx)
}

func (s *subject) Ready() health.Report { return s.report }

func (s *subject) Collector() prometheus.Collector {
	return health.NewGatewayCollector(func() health.GatewayState { return s.state })
}

// open serves until the test ends.
func open(t *testing.T, s *subject) *health.Server {
	t.Helper()
	server, err := health.Open(health.Config{Address: "127.0.0.1:0", Subject: s})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server
}

// get asks with a real request.
func get(t *testing.T, server *health.Server, path string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+path, nil)
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

func TestAnswers(t *testing.T) {
	s := &subject{report: health.Report{Ready: true, Who: "gateway gw-1"}}
	server := open(t, s)
	if code, body := get(t, server, "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("healthz: got %d %q", code, body)
	}
	if code, body := get(t, server, "/readyz"); code != 200 || body != `{"ready":true,"who":"gateway gw-1"}`+"\n" {
		t.Errorf("readyz: got %d %q", code, body)
	}
	s.live = func(context.Context) error { return errors.New("nobody moves") }
	s.report = health.Report{Who: "gateway gw-1", Why: []string{"the hub is away"}}
	if code, body := get(t, server, "/healthz"); code != 503 || body != "wedged: nobody moves\n" {
		t.Errorf("healthz: got %d %q", code, body)
	}
	code, body := get(t, server, "/readyz")
	var report health.Report
	if err := json.Unmarshal([]byte(body), &report); err != nil || code != 503 || report.Ready || fmt.Sprint(report.Why) != "[the hub is away]" {
		t.Errorf("readyz: got %d %q", code, body)
	}
	if code, _ := get(t, server, "/debug/pprof/"); code != 404 {
		t.Errorf("got %d for what is not there", code)
	}
}

// TestWedged: what never answers is not waited for.
func TestWedged(t *testing.T) {
	server := open(t, &subject{live: func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}})
	if code, body := get(t, server, "/healthz"); code != 503 || !strings.Contains(body, "deadline exceeded") {
		t.Errorf("got %d %q", code, body)
	}
}

// TestBounded: so many are answered at one time, and one more is told so.
func TestBounded(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	server := open(t, &subject{live: func(context.Context) error {
		asked <- struct{}{}
		<-release
		return nil
	}})
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() { get(t, server, "/healthz") })
		<-asked
	}
	if code, body := get(t, server, "/readyz"); code != 429 {
		t.Errorf("got %d %q", code, body)
	}
	close(release)
	asking.Wait()
}

// TestLastAnswer: what was asked before the end is answered before Run returns: what it is asked of may be gone after that. Run
// returned at once, and a scrape of a gateway that stopped broke off.
func TestLastAnswer(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	server, err := health.Open(health.Config{Address: "127.0.0.1:0", Subject: &subject{live: func(context.Context) error {
		stop()
		select {
		case <-ended:
			return errors.New("it has ended")
		case <-time.After(100 * time.Millisecond): // it would have ended long ago
			return nil
		}
	}}})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(ended)
		if err := server.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	if code, body := get(t, server, "/healthz"); code != 200 {
		t.Errorf("got %d %q", code, body)
	}
	<-ended
}

// TestNotLoopback: an address that other machines could reach is refused, and one that makes no sense.
func TestNotLoopback(t *testing.T) {
	for address, want := range map[string]error{
		"0.0.0.0:0": health.ErrNotLoopback, ":4280": health.ErrNotLoopback, "[::]:0": health.ErrNotLoopback, "192.0.2.7:4280": health.ErrNotLoopback,
		"[::ffff:192.0.2.7]:80": health.ErrNotLoopback, "example.com:80": health.ErrAddress, "127.0.0.1": health.ErrAddress,
		"127.0.0.1:http": health.ErrAddress, "127.0.0.1:70000": health.ErrAddress, "": health.ErrAddress,
	} {
		if err := health.Check(address); !errors.Is(err, want) {
			t.Errorf("check %q: got %v, want %v", address, err, want)
		}
		if s, err := health.Open(health.Config{Address: address, Subject: &subject{}}); !errors.Is(err, want) {
			t.Errorf("open %q: got %v, want %v", address, err, want)
			if err == nil {
				_ = s.Close()
			}
		}
	}
	for _, address := range []string{"localhost:0", "127.0.0.1:4280", "127.3.2.1:0", "[::1]:0", health.Off} {
		if err := health.Check(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// TestAddressInUse: another port is taken only where any will do.
func TestAddressInUse(t *testing.T) {
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	cfg := health.Config{Address: other.Addr().String(), Subject: &subject{}}
	if _, err := health.Open(cfg); !errors.Is(err, health.ErrAddressInUse) {
		t.Errorf("got %v", err)
	}
	cfg.Spare = true
	s, err := health.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.URL() == "http://"+cfg.Address || !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
		t.Errorf("listens at %s", s.URL())
	}
}

// full is a state in which everything is told.
func full() health.GatewayState {
	return health.GatewayState{
		ID: "gw-1", Fleet: "roost", Version: "v1", Devices: map[roostv1.DeviceState]int{roostv1.DeviceState_DEVICE_STATE_ONLINE: 3},
		Totals: actors.Totals{Commands: map[roostv1.CommandState]uint64{roostv1.CommandState_COMMAND_STATE_SUCCEEDED: 5},
			Drivers: map[string]map[string]uint64{"mqttd": {"refused": 4}}},
		Spool: &health.Spool{State: "full", Waiting: 12, Dropped: 2},
	}
}

func TestMetrics(t *testing.T) {
	s := &subject{state: full()}
	s.state.Standing.ClockKnown = true
	server := open(t, s)
	code, body := get(t, server, "/metrics")
	for _, want := range []string{
		`roost_gateway_info{fleet="roost",gateway="gw-1",version="v1"} 1`, `roost_devices{state="online"} 3`, `roost_devices{state="quarantined"} 0`,
		`roost_commands_total{outcome="succeeded"} 5`, `roost_spool_state{state="full"} 1`, `roost_spool_state{state="ok"} 0`,
		`roost_driver_counted_total{driver="mqttd",what="refused"} 4`, "roost_spool_waiting_readings 12", "roost_clock_ahead_seconds 0", "go_goroutines ", "process_open_fds ",
	} {
		if code != 200 || !strings.Contains(body, "\n"+want) {
			t.Errorf("got %d; %s is missing in\n%s", code, want, body)
		}
	}
}

// TestMetricsLint: names, units and help are as Prometheus wants them, and there are as many as a gateway without
// devices has, whatever it serves.
func TestMetricsLint(t *testing.T) {
	states := full()
	for name, c := range map[string]prometheus.Collector{
		"gateway": health.NewGatewayCollector(func() health.GatewayState { return states }),
		"hub":     health.NewHubCollector(func() hub.Stats { return hub.Stats{Name: "hub"} }),
	} {
		problems, err := testutil.CollectAndLint(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s: %s", name, p.Metric, p.Text)
		}
	}
	few := testutil.CollectAndCount(health.NewGatewayCollector(func() health.GatewayState { return states }))
	states.Devices = map[roostv1.DeviceState]int{roostv1.DeviceState_DEVICE_STATE_ONLINE: 10_000}
	if many := testutil.CollectAndCount(health.NewGatewayCollector(func() health.GatewayState { return states })); many != few || few > 100 {
		t.Errorf("%d metrics, and %d of a large gateway", few, many)
	}
}

package main_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// shortFolder is a new folder with a path that is short enough for a Unix socket in it.
func shortFolder(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp("", "roost")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

// fetch asks as curl does.
func fetch(t *testing.T, url string) (code int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
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

// untilFetched asks until the answer has a text.
func untilFetched(t *testing.T, url, text string) (code int, body string) {
	t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	late := time.After(longest)
	for {
		if code, body = fetch(t, url); strings.Contains(body, text) {
			return code, body
		}
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%s never had %q; it is %d\n%s", url, text, code, body)
		}
	}
}

// healthOf is where a program says in a line that it tells how it does.
func healthOf(t *testing.T, line string) string {
	t.Helper()
	_, url, ok := strings.Cut(line, "health at ")
	if !ok || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("got the line %q", line)
	}
	return url
}

// TestLocal: a gateway is watched and used on its own machine, with its hub and without.
func TestLocal(t *testing.T) {
	hub := start(t, "hub", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	ready := hub.until(t, "ready ")
	url, hubHealth := strings.Fields(ready)[1], healthOf(t, ready)
	data := shortFolder(t)
	dial := strings.Replace(url, "nats://", "nats://somebody:hunter2@", 1) // which a hub without users takes
	g := start(t, "gateway", "--id", "gw-1", "--hub", dial, "--data", data, "--lease", "500ms")
	health := healthOf(t, g.until(t, "ready "))
	go func() { // ends with the program
		for range g.lines {
		}
	}()
	const more = `
devices:
  - {id: own, profile: sim-pump, driver: sim, poll_interval: 100ms, placement: {gateways: [gw-1]}}
  - {id: shared, profile: sim-pump, driver: sim, poll_interval: 100ms, labels: {kind: pump}}`
	if add := runWith(t, strings.NewReader(more), "device", "add", "-f", "-", "--hub", url); add.code != 0 {
		t.Fatalf("add: %+v", add)
	}
	at := "--local=" + filepath.Join(data, "gateway-gw-1")

	for path, want := range map[string]string{
		"/healthz": "ok\n", "/readyz": `{"ready":true,"who":"gateway gw-1 of fleet roost"}` + "\n", "/metrics": "\nroost_devices{state=\"online\"} 2\n",
	} {
		if code, _ := untilFetched(t, health+path, want); code != 200 {
			t.Errorf("%s: %d", path, code)
		}
	}
	for path, want := range map[string]string{
		"/healthz": "ok\n", "/readyz": `{"ready":true,"who":"hub roost-hub at ` + url + `"}`, "/metrics": "\nroost_hub_streams 3\n",
	} {
		if code, _ := untilFetched(t, hubHealth+path, want); code != 200 {
			t.Errorf("hub %s: %d", path, code)
		}
	}
	if got, want := deviceIDs(t, run(t, "devices", at, "--json")), "own shared"; got != want {
		t.Errorf("devices: got %s", got)
	}
	if got, want := deviceIDs(t, run(t, "--local="+data, "devices", "-l", "kind=pump", "--json")), "shared"; got != want {
		t.Errorf("devices with a label: got %s", got)
	}
	if got := run(t, "device", "show", "own", at); got.code != 0 || !strings.Contains(got.out, "set_speed rpm=DOUBLE") {
		t.Errorf("device show: %+v", got)
	}
	follow := run(t, "readings", "own", at, "--follow", "--limit", "40", "--json")
	if batches := parse(t, follow, func() *roostv1.ReadingBatch { return &roostv1.ReadingBatch{} }); follow.code != 0 || len(batches) < 2 || batches[0].DeviceId != "own" {
		t.Errorf("readings: %+v", follow)
	}
	if got := run(t, "readings", "own", at, "--resource", "flow", "--limit", "1"); got.code != 0 || !strings.Contains(got.out, "L/min") || strings.Count(got.out, "\n") != 2 {
		t.Errorf("readings of a resource: %+v", got)
	}
	if got := run(t, "why", "shared", at); got.code != 0 || !strings.HasPrefix(got.out, "gw-1 serves shared") {
		t.Errorf("why: %+v", got)
	}

	hub.signal(t, syscall.SIGKILL)
	away := time.Now()
	if code, body := untilFetched(t, health+"/readyz", "1 device is online without one"); code != 200 || !strings.Contains(body, "the hub is away") {
		t.Errorf("readyz without the hub: %d %s", code, body)
	}
	if code, _ := fetch(t, health+"/healthz"); code != 200 {
		t.Errorf("healthz without the hub: %d", code)
	}
	untilFetched(t, health+"/metrics", "\nroost_hub_connected 0\n")
	if got := run(t, "__complete", "why", at, ""); !strings.HasPrefix(got.out, "own\tsim-pump, online\nshared\tsim-pump, suspended\n") {
		t.Errorf("completion without the hub: %+v", got)
	}
	for line, want := range map[string]string{
		"": "own\tsim-pump, online\n", "own": "dose\t", "own dose": "ml=\t",
	} {
		args := append(append([]string{"__complete", "send", at}, strings.Fields(line)...), "")
		if got := run(t, args...); !strings.Contains(got.out, want) {
			t.Errorf("completion of send %s without the hub: %+v", line, got)
		}
	}
	table := run(t, "devices", at)
	for _, want := range []string{"own     sim-pump  online", "shared  sim-pump  suspended"} {
		if table.code != 0 || !strings.Contains(table.out, want) {
			t.Errorf("devices without the hub: %q is missing in %+v", want, table)
		}
	}
	later := run(t, "readings", "own", at, "--follow", "--since", "1ms", "--limit", "40", "--json")
	if batches := parse(t, later, func() *roostv1.ReadingBatch { return &roostv1.ReadingBatch{} }); later.code != 0 || len(batches) < 2 || batches[0].BaseTime.AsTime().Before(away) {
		t.Errorf("readings taken without the hub, since %v: %+v", away, later)
	}
	if got := run(t, "why", "own", at); got.code != 0 || !strings.HasPrefix(got.out, "gw-1 serves own, and goes on without a lease") {
		t.Errorf("why without the hub: %+v", got)
	}
	_, readyz := fetch(t, health+"/readyz")
	_, metrics := fetch(t, health+"/metrics")
	for _, said := range []string{readyz, metrics, g.errors.String(), run(t, "why", "own", at, "--json").out, run(t, "devices", at, "--json").out} {
		if said == "" || strings.Contains(said, "hunter2") {
			t.Errorf("nothing, or a secret, in\n%s", said)
		}
	}
	if code, _ := g.signal(t, syscall.SIGKILL); code != -1 {
		t.Errorf("ended with %d", code)
	}
	if got := run(t, "devices", at); got.code != 69 || !strings.Contains(got.err, "roost: list devices: no gateway runs in ") {
		t.Errorf("without a gateway: %+v", got)
	}
}

// TestLocalFolder: the only gateway of this user is found, and where there are several they are named.
func TestLocalFolder(t *testing.T) {
	state := shortFolder(t)
	data := filepath.Join(state, "roost")
	withState := func(args ...string) result {
		t.Helper()
		return runIn(t, []string{"XDG_STATE_HOME=" + state}, args...)
	}
	if got := withState("devices", "--local"); got.code != 69 || got.err != fmt.Sprintf("roost: no gateway runs below %s: start one, or name its folder with --local=FOLDER\n", data) {
		t.Errorf("none: %+v", got)
	}
	up(t, data).drain()
	if got := withState("--local", "devices", "--json"); deviceIDs(t, got) != "cellar host pump thermostat valve" {
		t.Errorf("one: %+v", got)
	}
	if got := withState("send", "pump", "start", "--local"); got.code != 69 || !strings.HasPrefix(got.err, "roost: not sent: ") {
		t.Errorf("send beside the hub: %+v", got)
	}
	other := filepath.Join(data, "gateway-gw-2")
	if err := os.MkdirAll(other, 0o700); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(other, "control.sock")
	if err := os.WriteFile(socket, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := withState("--local", "devices", "--json"); len(devices(t, got)) != 5 {
		t.Errorf("one that runs: %+v", got)
	}
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	second, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	want := fmt.Sprintf("choose one of --local=%s, --local=%s\n", filepath.Join(data, "gateway-gw-1"), other)
	if got := withState("devices", "--local"); got.code != 64 || !strings.HasSuffix(got.err, want) {
		t.Errorf("two: %+v", got)
	}
}

// TestLocalRefuses: flags that make no sense with --local are refused before anything is asked.
func TestLocalRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"devices --local --watch":                   "--watch does not go with --local",
		"devices --local --hub nats://127.0.0.1:1":  "--hub does not go with --local",
		"why pump --local --fleet-name other":       "--fleet-name does not go with --local",
		"send --local -l kind=pump start":           "--selector does not go with --local",
		"send --local --all start":                  "--all does not go with --local",
		"send pump start --local --max-in-flight=3": "--max-in-flight does not go with --local",
		"commands --local":                          "unknown flag: --local",
		"set pump speed=1 --local":                  "unknown flag: --local",
		"readings pump --local --since 0s":          "--since 0s is not above zero",
	} {
		if got := run(t, strings.Fields(line)...); got.code != 64 || !strings.Contains(got.err, want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: got %+v, want 64 and one line with %q", line, got, want)
		}
	}
}

// TestHealthFlag: where it is told how a program does can be chosen, or be nowhere, and is on this machine only.
func TestHealthFlag(t *testing.T) {
	taken := freeAddress(t)
	first := start(t, "hub", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--health", taken)
	if line := first.until(t, "ready "); healthOf(t, line) != "http://"+taken {
		t.Errorf("got the line %q", line)
	}
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"gateway --id gw-1 --health 0.0.0.0:4280", 64, "health address is not loopback: other machines could reach"},
		{"gateway --id gw-1 --health :4280", 64, "health address is not loopback"},
		{"gateway --id gw-1 --health 4280", 64, "must be host:port, such as 127.0.0.1:4280, or off"},
		{"hub --health 0.0.0.0:4281", 64, "health address is not loopback"},
		{"hub --listen 127.0.0.1:0 --health " + taken, 69, "another program listens on " + taken},
		{"gateway --id gw-1 --health " + taken, 69, "another program listens on " + taken},
	} {
		args := append(strings.Fields(test.args), "--data", t.TempDir())
		if got := run(t, args...); got.code != test.code || !strings.Contains(got.err, test.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: got %+v, want %d and one line with %q", test.args, got, test.code, test.want)
		}
	}
	quiet := start(t, "hub", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--health", "off")
	if line := quiet.until(t, "ready "); strings.Contains(line, "health") {
		t.Errorf("got the line %q", line)
	}
}

// TestNoRoomForASocket: a gateway runs without one, and says so.
func TestNoRoomForASocket(t *testing.T) {
	i := up(t, "").drain()
	data := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	g := start(t, "gateway", "--id", "gw-2", "--hub", i.url, "--data", data)
	g.until(t, "no control socket, so --local finds nobody here: path too long for a Unix socket")
	g.until(t, "ready ")
}

// TestUpTellsHealth: a gateway in roost up tells as well how it does, and is used on its machine.
func TestUpTellsHealth(t *testing.T) {
	i := up(t, shortFolder(t))
	if code, body := fetch(t, healthOf(t, i.until(t, "ready "))+"/readyz"); code != 200 || !strings.Contains(body, "gateway gw-1 of fleet roost") {
		t.Errorf("got %d %s", code, body)
	}
	i.drain()
	if got := run(t, "up", "--gateways", "2", "--health", "off"); got.code != 64 || !strings.Contains(got.err, "--health does not go with --gateways") {
		t.Errorf("got %+v", got)
	}
}

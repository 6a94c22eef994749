package main_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// freeAddress is an address at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestGateway: it waits for its hub, joins, has its name for itself, and leaves in order.
func TestGateway(t *testing.T) {
	address, data := freeAddress(t), t.TempDir()
	url := "nats://" + address
	args := []string{"gateway", "--id", "gw-2", "--hub", url, "--label", "site=north", "--data"}
	g := start(t, append(args, data)...)
	g.until(t, "waiting for the hub at "+url)
	hub := start(t, "up", "--listen", address, "--data", t.TempDir())
	hub.until(t, "ready ")
	go func() { // ends with the program
		for range hub.lines {
		}
	}()
	if line := g.until(t, "ready "); !strings.HasPrefix(line, "ready "+url+"  fleet roost, gateway gw-2, health at http://127.0.0.1:") {
		t.Errorf("got the line %q", line)
	}
	twin := run(t, append(args, t.TempDir())...)
	want := fmt.Sprintf("as process %d: stop that one, or give this one another --id\n", g.cmd.Process.Pid)
	if twin.code != 69 || !strings.Contains(twin.err, "roost: gateway gw-2 is running already, on host ") || !strings.HasSuffix(twin.err, want) {
		t.Errorf("a second one: %+v, want the end %q", twin, want)
	}
	if same := run(t, append(args, data)...); same.code != 69 || !strings.Contains(same.err, "gateway folder in use") {
		t.Errorf("a second one in the same folder: %+v", same)
	}

	more := "devices: [{id: pump2, profile: sim-pump, driver: sim, poll_interval: 100ms, placement: {selector: {site: north}}}]"
	if add := runWith(t, strings.NewReader(more), "device", "add", "-f", "-", "--hub", url); !strings.Contains(add.out, "online  gw-2") {
		t.Errorf("a device that selects its label: %+v", add)
	}
	g.until(t, "pump2       online")
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"stopping", "pump2       closed", "gw-2        gateway gw-2 left", "stopped"} {
		g.until(t, want)
	}
	<-g.ended
	if code := g.state.ExitCode(); code != 0 {
		t.Errorf("ended with exit code %d and %q", code, g.errors.String())
	}
	why := run(t, "why", "pump2", "--hub", url)
	for _, want := range []string{"nobody serves pump2: no gateway can own its bus", `it has no label site, which is to be "north"`} {
		if !strings.Contains(why.out, want) {
			t.Errorf("%q is missing in\n%s", want, why.out)
		}
	}
}

// TestHubAndGateway: without a roost up there are the profiles that the drivers bring with them, and what
// happens while the hub is away is told by the gateway itself.
func TestHubAndGateway(t *testing.T) {
	hub := start(t, "hub", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	url := strings.Fields(hub.until(t, "ready "))[1]
	g := start(t, "gateway", "--id", "gw-1", "--hub", url, "--data", t.TempDir(), "--lease", "500ms")
	g.until(t, "ready ")
	more := "devices: [{id: p, profile: sim-pump, driver: sim}, {id: q, profile: sim-pump, driver: sim}]"
	for _, want := range []string{"profile  sim-pump  added", "device  p   unchanged"} {
		if add := runWith(t, strings.NewReader(more), "device", "add", "-f", "-", "--hub", url); add.code != 0 || !strings.Contains(add.out, want) {
			t.Errorf("%q is missing in %+v", want, add)
		}
	}
	hub.signal(t, syscall.SIGKILL)
	g.until(t, "gateway gw-1 is suspended")
	if code, took := g.signal(t, syscall.SIGTERM); code != 0 || took > slowdown*5*time.Second {
		t.Errorf("ended with exit code %d after %v", code, took)
	}
}

// TestGatewayAfterItsDeath: the next process has the name at once if the folder proves that the one before
// has ended; else it says that it waits.
func TestGatewayAfterItsDeath(t *testing.T) {
	i := up(t, "").drain()
	data := t.TempDir()
	args := []string{"gateway", "--id", "gw-2", "--hub", i.url, "--data"}
	first := start(t, append(args, data)...)
	first.until(t, "ready ")
	first.signal(t, syscall.SIGKILL)
	began := time.Now()
	second := start(t, append(args, data)...)
	second.until(t, "ready ")
	if took := time.Since(began); took > slowdown*2*time.Second {
		t.Errorf("took %v, although the folder proves the end of the one before", took)
	}
	second.signal(t, syscall.SIGKILL)
	third := start(t, append(args, t.TempDir())...)
	third.until(t, "ready ")
	if said := third.errors.String(); !strings.Contains(said, "another process has this gateway's name, or had it: waiting") {
		t.Errorf("it does not say that it waits: %q", said)
	}
}

// TestGatewaySecondSignal ends the program at once, also while it stops.
func TestGatewaySecondSignal(t *testing.T) {
	i := up(t, "", "--fleet", write(t, `
devices:
  - {id: pump, profile: sim-pump, driver: sim, poll_interval: 50ms, address: {fault.close.hang: always for 1h}, placement: {gateways: [gw-2]}}
`)).drain()
	g := start(t, "gateway", "--id", "gw-2", "--hub", i.url, "--data", t.TempDir())
	g.until(t, "pump        online")
	if err := g.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	g.until(t, "stopping")
	if code, took := g.signal(t, os.Interrupt); code != 130 || took > slowdown*time.Second {
		t.Errorf("ended with exit code %d after %v, want 130 and at once", code, took)
	}
}

// TestGatewayRefuses: what makes no sense is refused before anything is touched.
func TestGatewayRefuses(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, test := range []struct {
		args, want string
	}{
		{"", "--id ID is missing"},
		{"--id gw.1", `--id "gw.1": character '.'`},
		{"--id gw-1 --fleet-name a.b", `--fleet-name "a.b"`},
		{"--id gw-1 --label site", "site must be formatted as key=value"},
		{"--id gw-1 --label a:b=c", `--label "a:b": the key has other characters`},
		{"--id gw-1 --lease 50ms", "lease of 50ms: it must be between 100ms and 10m0s"},
		{"--id gw-1 --lease 0s", "--lease 0s: it must be above zero"},
		{"--id gw-1 --lease soon", `invalid argument "soon"`},
		{"--id gw-1 --weight 0", "--weight 0 is not from 1 to 1000"},
		{"--id gw-1 --weight -1", `invalid argument "-1"`},
		{"--id gw-1 --log-level loud", `--log-level "loud" is none of`},
		{"drian gw-1", `there is no command "drian"; do you mean drain?`},
		{"drain", "ID is missing"},
		{"drain gw.1", `gateway id "gw.1"`},
		{"drain gw-1 --wait -1s", "--wait -1s is below zero"},
	} {
		args := append([]string{"gateway"}, strings.Fields(test.args)...)
		if !strings.HasPrefix(test.args, "dr") {
			args = append(args, "--data", data)
		}
		got := run(t, args...)
		if got.code != 64 || !strings.Contains(got.err, test.want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: got %+v, want 64 and one line with %q", test.args, got, test.want)
		}
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data folder is there: %v", err)
	}
	if got := run(t, "gateway", "--id", "gw-1", "--data", "/proc/roost"); got.code != 73 {
		t.Errorf("a folder that cannot be written: %+v", got)
	}
}

// TestDrainCommand: what it says of a gateway that is alone, and of some that are not there.
func TestDrainCommand(t *testing.T) {
	i := up(t, "").drain()
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"gw-9", 1, "roost: drain gateway: there is no gateway gw-9\n"},
		{"gw-1", 1, "gateway gw-1 keeps 5 buses, which no other gateway can serve now: cellar, host, pump, thermostat, valve"},
		{"gw-1 --wait 0", 0, "gw-1 hands over what it serves\n"},
	} {
		got := i.run(append([]string{"gateway", "drain"}, strings.Fields(test.args)...)...)
		if got.code != test.code || !strings.Contains(got.out+got.err, test.want) {
			t.Errorf("%s: got %+v, want %d and %q", test.args, got, test.code, test.want)
		}
	}
	got := parse(t, i.run("gateways", "--json"), func() *roostv1.GatewayStatus { return &roostv1.GatewayStatus{} })
	if len(got) != 1 || got[0].State != roostv1.MemberState_MEMBER_STATE_DRAINING {
		t.Errorf("got %v, want it to be draining", got)
	}
}

package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestDevicesCommand(t *testing.T) {
	i := up(t, "").drain()
	if got, want := deviceIDs(t, i.run("devices", "--json")), "cellar host pump thermostat valve"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, d := range devices(t, i.run("devices", "--json", "--selector", "site=boiler-house,medium=water")) {
		if d.DeviceId != "pump" && d.DeviceId != "valve" {
			t.Errorf("the selector let %s through", d.DeviceId)
		}
		if d.State != roostv1.DeviceState_DEVICE_STATE_ONLINE || d.Gateway != "gw-1" || d.Epoch == 0 {
			t.Errorf("got %v, want it online at gw-1, with an epoch", d)
		}
	}
	table := i.run("devices")
	lines := strings.Split(table.out, "\n")
	if want := "DEVICE      PROFILE         STATE"; !strings.HasPrefix(lines[0], want) || len(lines) != 7 || table.code != 0 {
		t.Errorf("got exit code %d and\n%s", table.code, table.out)
	}
	if strings.Contains(table.out, "\x1b") {
		t.Errorf("there are colours where there is no terminal: %q", table.out)
	}
	if got := i.run("devices", "-l", "site=nowhere"); got.code != 0 || got.out != "" || !strings.Contains(got.err, "none of the 5 devices has the labels site=nowhere") {
		t.Errorf("got %+v", got)
	}
	buses := i.run("devices", "--bus")
	if want := "BUS         GATEWAY  DEVICES  ANSWERING  SILENT  TURNS/S"; !strings.HasPrefix(buses.out, want) || strings.Count(buses.out, "gw-1") != 5 || buses.code != 0 {
		t.Errorf("got exit code %d and\n%s", buses.code, buses.out)
	}
	if got := i.run("devices", "--bus", "--json"); strings.Count(got.out, "\n") != 5 || !strings.Contains(got.out, `"bus":"pump","gateway":"gw-1"`) {
		t.Errorf("got\n%s", got.out)
	}
	if got := i.run("devices", "--bus", "--selector", "a=b"); got.code != 64 || !strings.Contains(got.err, "--selector does not go with --bus") {
		t.Errorf("got %+v", got)
	}
	show := i.run("device", "show", "pump")
	for _, want := range []string{"Feed pump of the boiler house", "set_speed rpm=DOUBLE", "0 to 3600 rev/min"} {
		if !strings.Contains(show.out, want) {
			t.Errorf("%q is missing in\n%s", want, show.out)
		}
	}
	i.run("readings", "pump", "--follow", "--limit", "1") // it has been polled
	if got := devices(t, i.run("device", "show", "pump", "--json")); len(got) != 1 || len(got[0].Resources) == 0 {
		t.Errorf("got %v, want the pump with its resources", got)
	}
	if got := i.run("devices", "--watch"); got.code != 64 || !strings.Contains(got.err, "needs a terminal") {
		t.Errorf("got %+v", got)
	}
}

func TestGatewaysCommand(t *testing.T) {
	i := up(t, "", "--id", "plant-7").drain()
	var g *roostv1.GatewayStatus
	for g == nil || g.Devices < 5 { // a gateway counts its devices once a second
		got := parse(t, i.run("gateways", "--json"), func() *roostv1.GatewayStatus { return &roostv1.GatewayStatus{} })
		if len(got) != 1 {
			t.Fatalf("got %v, want one gateway", got)
		}
		g = got[0]
	}
	if g.GatewayId != "plant-7" || g.Incarnation == "" || g.State != roostv1.MemberState_MEMBER_STATE_LIVE || g.Host == "" || g.Pid != int64(i.cmd.Process.Pid) || g.Devices != 5 {
		t.Errorf("got %v", g)
	}
	if table := i.run("gateways"); !strings.Contains(table.out, "plant-7  live") {
		t.Errorf("got\n%s", table.out)
	}
}

// TestRegistryCommands: a device is added, locked, unlocked and retired while the fleet runs, and each is in
// force when the command returns.
func TestRegistryCommands(t *testing.T) {
	i := up(t, "").drain()
	more := "devices: [{id: pump2, profile: sim-pump, driver: sim, poll_interval: 100ms}]"
	add := runWith(t, strings.NewReader(more), "device", "add", "-f", "-", "--hub", i.url)
	if add.code != 0 || !strings.Contains(add.out, "device  pump2  added         1  online  gw-1") {
		t.Fatalf("add: %+v", add)
	}
	if got := i.run("device", "add", "-f", write(t, more), "--json"); len(devices(t, got)) != 1 || got.code != 0 {
		t.Errorf("added again: %+v", got)
	}
	steps := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"send", "pump2", "start"}, 0, "pump2 start: SUCCEEDED, device acknowledged"},
		{[]string{"device", "lock", "pump2"}, 0, "pump2 locked"},
		{[]string{"devices"}, 0, "online, locked"},
		{[]string{"send", "pump2", "start"}, 1, "not sent: device pump2 is locked"},
		{[]string{"device", "unlock", "pump2"}, 0, "pump2 unlocked"},
		{[]string{"send", "pump2", "stop"}, 0, "SUCCEEDED"},
		{[]string{"device", "retire", "pump2"}, 0, "pump2 retired"},
		{[]string{"device", "show", "pump2"}, 0, "state      retired"},
		{[]string{"send", "pump2", "start"}, 1, "pump2 was retired"},
		{[]string{"device", "lock", "pump2"}, 1, "pump2 was retired"},
		{[]string{"device", "release", "pump"}, 1, "pump is not in quarantine"},
		{[]string{"device", "lock", "nobody"}, 1, "there is no device nobody"},
		{[]string{"device", "show", "no.body"}, 64, `device id "no.body"`},
		{[]string{"device", "add"}, 64, "-f FILE is missing"},
		{[]string{"device", "add", "-f", "nowhere.yaml"}, 65, "nowhere.yaml"},
		{[]string{"device", "add", "-f", write(t, "devices: [{id: x, profile: nope, driver: sim}]")}, 65, "there is no profile nope"},
		{[]string{"device", "add", "-f", write(t, "devices: [{id: pump, profile: sim-pump, driver: sim, bus: line}]")}, 65, "it is on bus pump for life"},
		{[]string{"device", "add", "-f", write(t, "devices: [{id: x, profile: sim-pump, driver: sim, address: {ramp: fast}}]")}, 65, `:1:61: device x: "fast" is not a`},
		{[]string{"device", "frob"}, 64, `there is no command "frob"`},
	}
	for _, step := range steps {
		if got := i.run(step.args...); got.code != step.code || !strings.Contains(got.out+got.err, step.want) {
			t.Errorf("%q: exit code %d, want %d and %q:\n%s%s", step.args, got.code, step.code, step.want, got.out, got.err)
		}
	}
	if got := deviceIDs(t, i.run("devices", "--json")); strings.Contains(got, "pump2") {
		t.Errorf("the retired device is listed: %s", got)
	}
	if got := runWith(t, strings.NewReader(more), "device", "add", "-f", "-", "--hub", i.url); !strings.Contains(got.out, "pump2  added") {
		t.Errorf("added anew: %+v", got)
	}
}

// TestRelease ends a quarantine, which only events and states tell.
func TestRelease(t *testing.T) {
	i := up(t, "", "--fleet", write(t, `
devices:
  - id: broken
    profile: sim-sensor
    driver: sim
    address: {fault.open.error: always}
    supervision: {max_failures: 1, base_delay: 1ms, probe_interval: 1h}
`))
	i.until(t, "broken      quarantined: ")
	if got := i.run("devices"); !strings.Contains(got.out, "quarantined") {
		t.Errorf("got\n%s", got.out)
	}
	if got := i.run("device", "release", "broken"); got.code != 0 || got.out != "broken released\n" {
		t.Errorf("got %+v", got)
	}
	i.until(t, "broken      released: released by hand")
}

func TestWithoutHub(t *testing.T) {
	const nowhere = "nats://127.0.0.1:1"
	for _, args := range [][]string{
		{"devices"}, {"gateways"}, {"send", "pump", "start"}, {"readings", "pump"}, {"device", "show", "pump"}, {"device", "lock", "pump"},
		{"why", "pump"}, {"gateway", "drain", "gw-1"}, {"send", "-l", "kind=pump", "start"}, {"set", "pump", "speed=1"},
		{"cancel", "pump", "c1"}, {"commands"}, {"command", "c1"},
	} {
		got := run(t, append(args, "--hub", nowhere)...)
		if got.code != 69 || got.out != "" || !strings.HasPrefix(got.err, "roost: hub at "+nowhere+" cannot be reached") || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%q: got %+v", args, got)
		}
	}
}

func TestWrongFleet(t *testing.T) {
	i := up(t, "").drain()
	if got := i.run("devices", "--fleet-name", "elsewhere"); got.code != 69 || !strings.Contains(got.err, "the hub has no such fleet") {
		t.Errorf("got %+v", got)
	}
	if got := i.run("devices", "--fleet-name", "else where"); got.code != 64 {
		t.Errorf("got %+v", got)
	}
}

// TestEnvironment: hub and fleet come from it, and flags go before it.
func TestEnvironment(t *testing.T) {
	i := up(t, "", "--fleet-name", "plant").drain()
	ask := func(hub string, flags ...string) string {
		cmd := command(t.Context(), append([]string{"devices", "--json"}, flags...)...)
		cmd.Env = append(cmd.Env, "ROOST_HUB="+hub, "ROOST_FLEET=plant")
		out, _ := cmd.Output()
		return string(out)
	}
	if got := ask(i.url); !strings.Contains(got, `"deviceId":"pump"`) {
		t.Errorf("got %s", got)
	}
	if got := ask("nats://127.0.0.1:1", "--hub", i.url); !strings.Contains(got, `"deviceId":"pump"`) {
		t.Errorf("with --hub: got %s", got)
	}
	if got := ask(i.url, "--fleet-name", "roost"); got != "" {
		t.Errorf("with --fleet-name: got %s", got)
	}
}

func TestVersion(t *testing.T) {
	if got := run(t, "version"); got.code != 0 || !strings.HasPrefix(got.out, "roost ") || strings.Count(got.out, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
	var version struct{ Version, Go, Platform string }
	if err := json.Unmarshal([]byte(run(t, "version", "--json").out), &version); err != nil || version.Version == "" || version.Go == "" || version.Platform == "" {
		t.Errorf("got %+v, %v", version, err)
	}
}

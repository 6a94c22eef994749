package gateway_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func builtIn(id string) *roostv1.Profile {
	for _, p := range gateway.Profiles() {
		if p.Id == id {
			return p
		}
	}
	return nil
}

// problems returns what is wrong with a fleet file when its drivers have looked at it.
func problems(t *testing.T, file string, options ...roostv1.FleetOption) []string {
	t.Helper()
	options = append(options, roostv1.WithProfiles(builtIn), roostv1.WithCheck(gateway.Checks()))
	_, err := fleetfile.Parse("fleet.yaml", []byte(file), options...)
	var all *fleetfile.Error
	if err != nil && !errors.As(err, &all) {
		t.Fatal(err)
	}
	var got []string
	if all != nil {
		for _, p := range all.Problems {
			got = append(got, fmt.Sprintf("%d:%d: %s", p.Line, p.Column, p.Message))
		}
	}
	return got
}

const meters = `profiles:
- id: meter
  resources:
  - name: volts
    type: double
    protocol: {address: 70000, encodng: float32}
  - name: label
    type: string
    protocol:
      address: 3
devices:
`

// What the drivers find wrong is told at the key that is meant, as all that is wrong with a fleet file is.
func TestDriversJudgeFleetFiles(t *testing.T) {
	meter := []string{
		`6:16: resource volts: "70000" is not a number from 0 to 65535`,
		`6:32: resource volts: unknown key; the modbus driver has table, address, encoding, order, scale, offset, bit, length, write`,
		`9:5: resource label: length is needed: how many registers the text has`,
	}
	for _, test := range []struct {
		name, file string
		want       []string
	}{
		{"all is well", "devices:\n- {id: a, profile: sim-pump, driver: sim}\n- {id: b, profile: host, driver: host}\n", nil},
		{"one profile of many devices", meters + `- {id: a, profile: meter, driver: modbus, address: {tcp: a:502}}
- {id: b, profile: meter, driver: modbus, address: {tcp: b:502}}
- {id: c, profile: meter, driver: modbus, address: {tcp: c:502, most: 60}}
`, meter},
		{"addresses", `devices:
- {id: a, profile: sim-pump, driver: sim, address: {kind: pumpe}}
- {id: b, profile: sim-pump, driver: sim, address: {nose: 2, push: soon}}
- {id: c, profile: host, driver: host, address: {path: data}}
- id: d
  profile: rig
  driver: rig
  address:
    hardware: nowhere
    "a.b[0]": x
- {id: e, profile: rig, driver: rig}
`, []string{
			`2:53: device a: "pumpe" is not one of pump, thermostat, valve, sensor`,
			`3:53: device b: unknown key; a pump has kind, seed, noise, push, deliver, burst, fence, ramp, overload, and fault.NAME`,
			`3:62: device b: "soon" is not a duration from 1ms to 24h0m0s`,
			`4:50: device c: "data" is not an absolute path`,
			`9:5: device d: "nowhere" is not host:port with a port from 1 to 65535`,
			`10:5: device d: unknown key; the rig driver has hardware, share`,
			`11:3: device e: hardware is needed: host:port of the hardware`,
		}},
		{"a profile that is not in the file", `devices:
- {id: a, profile: sim-pump, driver: modbus, address: {tcp: a:502}}
- {id: b, profile: sim-pump, driver: modbus, address: {tcp: b:502}}
`, []string{
			`2:20: device a: the driver modbus cannot use the profile sim-pump: resources[0].protocol["address"]: address is needed: 0 to 65535; and 15 more`,
		}},
		{"drivers that are not known here", "devices:\n- {id: a, profile: sim-pump, driver: own, address: {anything: goes}}\n", nil},
		{"what is retired", "devices:\n- {id: a, profile: sim-pump, driver: sim, admin_state: retired, address: {kind: pumpe}}\n", nil},
		{"a profile that is wrong already", strings.Replace(meters, "type: double", "type: double\n    min: 3\n    max: 2", 1) +
			"- {id: a, profile: meter, driver: modbus, address: {tcp: a}}\n",
			[]string{"6:10: resource volts: 3 is above max 2"}},
		{"a profile that cannot be read", strings.Replace(meters, "type: double", "type: dubble", 1) +
			"- {id: a, profile: meter, driver: modbus, address: {tcp: a}}\n",
			[]string{`5:11: type: there is no "dubble"; did you mean double?`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problems(t, test.file)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// A profile that is changed is judged with the devices that have it already.
func TestDriversJudgeRegisteredDevices(t *testing.T) {
	registered := func(yield func(*roostv1.DeviceSpec) bool) {
		for _, id := range []string{"b", "a"} {
			if !yield(&roostv1.DeviceSpec{Id: id, Profile: "meter", Driver: "modbus", Address: map[string]string{"tcp": "a:502"}}) {
				return
			}
		}
	}
	file := "profiles:\n- id: meter\n  resources: [{name: volts, type: double}]\n"
	want := []string{"3:15: resource volts: address is needed: 0 to 65535"}
	if diff := cmp.Diff(want, problems(t, file, roostv1.WithDevices(registered))); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// Each driver that comes with Roost tells of an unknown key where it is, so that it can be shown in the file.
func TestEveryDriverSaysWhere(t *testing.T) {
	for name := range gateway.Drivers("gw-1", "run", nil, slog.New(slog.DiscardHandler)) {
		file := fmt.Sprintf("devices:\n- {id: a, profile: sim-pump, driver: %s, address: {no_such_key: x}}\n", name)
		at := fmt.Sprintf("2:%d: device a: ", strings.Index(strings.Split(file, "\n")[1], "no_such_key")+1)
		if got := problems(t, file); !slices.ContainsFunc(got, func(p string) bool { return strings.HasPrefix(p, at) && strings.Contains(p, "key") }) {
			t.Errorf("%s does not tell of the key at %q, but %q", name, at, got)
		}
	}
}

// TestJudgingDialsNobody: the first to come to the hardware after its device was judged is the test.
func TestJudgingDialsNobody(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	check := gateway.Checks()
	for driver, address := range map[string]map[string]string{
		"rig": {"hardware": l.Addr().String()}, "modbus": {"tcp": l.Addr().String()}, "host": {"path": "/nowhere", "proc": "/nowhere"}, "sim": {"kind": "pump"},
	} {
		if problems := check(&roostv1.DeviceSpec{Id: "d", Driver: driver, Address: address}, &roostv1.Profile{}); len(problems) > 0 {
			t.Errorf("%s: %v", driver, problems)
		}
	}
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if first.RemoteAddr().String() != conn.LocalAddr().String() {
		t.Error("a device was dialled when it was judged")
	}
}

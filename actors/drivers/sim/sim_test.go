package sim_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// device returns a device of a kind with more address keys, in pairs.
func device(id, kind string, pairs ...string) actors.Device {
	address := map[string]string{"kind": kind, "noise": "0"}
	for i := 0; i < len(pairs); i += 2 {
		address[pairs[i]] = pairs[i+1]
	}
	return actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: id, Profile: "sim-" + kind, Driver: sim.Name, Address: address},
		Profile: profile(kind),
	}
}

func profile(kind string) *roostv1.Profile {
	for _, p := range sim.Profiles() {
		if p.GetId() == "sim-"+kind {
			return p
		}
	}
	return &roostv1.Profile{Id: "sim-" + kind}
}

// open opens a session that ends with the test.
func open(t *testing.T, d *sim.Driver, device actors.Device) actors.Session {
	t.Helper()
	s, err := d.Open(t.Context(), device)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// poll returns the values of resources by name.
func poll(t *testing.T, s actors.Session, resources ...string) map[string]*roostv1.Value {
	t.Helper()
	samples, err := s.(actors.Poller).Poll(t.Context(), resources)
	if err != nil {
		t.Fatalf("poll: %v", err)
	}
	values := make(map[string]*roostv1.Value)
	for _, sample := range samples {
		values[sample.Resource] = sample.Value
	}
	return values
}

// number returns the value of one number.
func number(t *testing.T, s actors.Session, resource string) float64 {
	t.Helper()
	n, ok := poll(t, s, resource)[resource].Number()
	if !ok {
		t.Fatalf("%s is not a number", resource)
	}
	return n
}

// write returns how an action ends.
func write(t *testing.T, s actors.Session, resource string, v *roostv1.Value) error {
	t.Helper()
	_, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{CommandID: "c", Resource: resource, Value: v})
	return err
}

func mustWrite(t *testing.T, s actors.Session, resource string, v *roostv1.Value) {
	t.Helper()
	if err := write(t, s, resource, v); err != nil {
		t.Fatalf("write %s to %s: %v", v.Format(), resource, err)
	}
}

// pass lets time pass; it is virtual in these tests.
func pass(d time.Duration) { <-time.After(d) }

func TestContract(t *testing.T) {
	actions := map[string][]actors.Action{
		"pump": {
			{Resource: "speed", Value: roostv1.Double(900)},
			{Resource: "speed_up", Value: roostv1.Int(100)},
			{Resource: "run", Value: roostv1.Bool(true)},
			{Resource: "dose", Value: roostv1.Double(5)},
			{Resource: "reset_trip", Value: roostv1.Bool(true)},
			{Command: "self_test"},
		},
		"valve": {
			{Resource: "position", Value: roostv1.Double(50)},
			{Resource: "open_by", Value: roostv1.Double(-10)},
			{Resource: "free", Value: roostv1.Bool(true)},
		},
		"thermostat": {
			{Resource: "setpoint", Value: roostv1.Double(22)},
			{Resource: "mode", Value: roostv1.Text("off")},
		},
	}
	refused := map[string][]actors.Action{
		"pump": {
			{Resource: "flow", Value: roostv1.Double(1)},
			{Resource: "speed", Value: roostv1.Double(3601)},
			{Resource: "speed", Value: roostv1.Text("fast")},
			{Resource: "speed"},
			{Resource: "speed_up", Value: roostv1.Double(3600)},
			{Resource: "speed_up", Value: roostv1.Bool(true)},
			{Resource: "run", Value: roostv1.Double(1)},
			{Resource: "dose", Value: roostv1.Double(-1)},
			{Resource: "reset_trip", Value: roostv1.Bool(false)},
		},
		"valve": {
			{Resource: "stuck", Value: roostv1.Bool(false)},
			{Resource: "position", Value: roostv1.Double(100.5)},
			{Resource: "open_by", Value: roostv1.Double(101)},
			{Resource: "free", Value: roostv1.Bool(false)},
		},
		"thermostat": {
			{Resource: "temperature", Value: roostv1.Double(20)},
			{Resource: "setpoint", Value: roostv1.Double(4)},
			{Resource: "mode", Value: roostv1.Text("cool")},
		},
		"sensor": {
			{Resource: "count", Value: roostv1.Uint(0)},
		},
	}
	modes := map[string][]string{
		"polled":    {},
		"pushing":   {"push", "10ms"},
		"babbling":  {"push", "10ms", "fault.push.babble", "always", "burst", "50"},
		"deliverer": {"push", "10ms", "deliver", "true"},
		"slow":      {"fault.poll.slow", "always for 1s", "fault.actuate.slow", "always for 10ms..1s"},
	}
	for _, kind := range []string{"pump", "valve", "thermostat", "sensor"} {
		for mode, keys := range modes {
			t.Run(kind+"/"+mode, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					d := device("d", kind, append(keys, "noise", "1")...)
					drivertest.Run(t, sim.NewDriver(nil), d, drivertest.Options{
						Actions: actions[kind],
						Refused: refused[kind],
						Bad:     []actors.Device{device("d", kind, "sped", "1"), device("d", "rocket")},
					})
				})
			})
		}
	}
}

func TestProfilesAreValid(t *testing.T) {
	for _, p := range sim.Profiles() {
		t.Run(p.GetId(), func(t *testing.T) {
			for _, problem := range roostv1.ValidateProfile(p) {
				t.Error(problem)
			}
			d := actors.Device{Spec: &roostv1.DeviceSpec{Id: "d", Profile: p.GetId()}, Profile: p}
			if err := sim.NewDriver(nil).Check(d); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every value of every kind stays within the profile's limits, whatever the noise.
func TestValuesAreWithinLimits(t *testing.T) {
	for _, kind := range []string{"pump", "valve", "thermostat", "sensor"} {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := device("d", kind, "noise", "100")
				s := open(t, sim.NewDriver(nil), d)
				if kind == "pump" {
					mustWrite(t, s, "speed", roostv1.Double(3600))
					mustWrite(t, s, "run", roostv1.Bool(true))
				}
				for range 100 {
					pass(time.Second)
					for _, r := range d.Profile.GetResources() {
						if !r.Readable() {
							continue
						}
						v, ok := poll(t, s, r.GetName())[r.GetName()].Number()
						if ok && (r.Min != nil && v < r.GetMin() || r.Max != nil && v > r.GetMax()) {
							t.Errorf("%s is %v, not from %v to %v", r.GetName(), v, r.GetMin(), r.GetMax())
						}
					}
				}
			})
		})
	}
}

// What hardware shows depends on its seed, its actions and the time: not on who
// asks how often.
func TestSeedAndTimeDecide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sim.NewDriver(nil)
		watched := open(t, d, device("a", "pump", "seed", "7", "noise", "1"))
		alone := open(t, d, device("b", "pump", "seed", "7", "noise", "1"))
		other := open(t, d, device("c", "pump", "seed", "8", "noise", "1"))
		for _, s := range []actors.Session{watched, alone, other} {
			mustWrite(t, s, "speed", roostv1.Double(2500))
			mustWrite(t, s, "run", roostv1.Bool(true))
		}
		for range 25 {
			pass(100 * time.Millisecond)
			poll(t, watched, "speed", "flow")
		}
		names := []string{"speed", "flow", "pressure", "power"}
		got, want := poll(t, watched, names...), poll(t, alone, names...)
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("same seed, other values (-alone +watched):\n%s", diff)
		}
		if cmp.Equal(want, poll(t, other, names...), protocmp.Transform()) {
			t.Errorf("another seed, same values %v", want)
		}
	})
}

// Sessions come and go; the hardware stays as it is.
func TestHardwareOutlivesSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := sim.NewWorld()
		valve := device("v", "valve")
		first := open(t, sim.NewDriver(world), valve)
		mustWrite(t, first, "position", roostv1.Double(80))
		pass(2 * time.Second)
		if err := first.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		pass(3 * time.Second)
		second := open(t, sim.NewDriver(world), valve)
		if got := number(t, second, "position"); got != 50 {
			t.Errorf("after 5 s at 10 %%/s, position is %v, want 50", got)
		}
	})
}

// A change of the faults leaves the hardware's state alone; a change of what it is
// makes it new.
func TestChangedAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := sim.NewDriver(nil)
		mustWrite(t, open(t, d, device("v", "valve", "travel", "100")), "position", roostv1.Double(80))
		pass(time.Second)
		faulty := open(t, d, device("v", "valve", "travel", "100", "fault.poll.error", "2"))
		if got := number(t, faulty, "position"); got != 80 {
			t.Errorf("after new faults, position is %v, want 80", got)
		}
		if _, err := faulty.(actors.Poller).Poll(t.Context(), nil); err == nil {
			t.Error("the second poll succeeded, want its fault")
		}
		if got := number(t, open(t, d, device("v", "valve", "travel", "50")), "position"); got != 0 {
			t.Errorf("as new hardware, position is %v, want 0", got)
		}
		if got := number(t, open(t, d, device("v", "thermostat")), "setpoint"); got != 20 {
			t.Errorf("as another kind, setpoint is %v, want 20", got)
		}
	})
}

func TestExclusiveHardwareTakesOneSession(t *testing.T) {
	d := sim.NewDriver(nil)
	one := device("d", "sensor")
	one.Spec.ExclusiveSession = true
	first := open(t, d, one)
	if _, err := d.Open(t.Context(), one); !errors.Is(err, roostv1.ErrBusy) {
		t.Errorf("second session: got %v, want ErrBusy", err)
	}
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := d.World().Sessions("d"); got != 0 {
		t.Errorf("got %d sessions, want none", got)
	}
	third, err := d.Open(t.Context(), one)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}
	if err := third.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUnknownResourceIsNotConnected(t *testing.T) {
	samples, err := open(t, sim.NewDriver(nil), device("d", "sensor")).(actors.Poller).Poll(t.Context(), []string{"smell"})
	if err != nil || len(samples) != 1 {
		t.Fatalf("got %v, %v; want one sample", samples, err)
	}
	got := samples[0]
	if got.Quality != roostv1.Quality_QUALITY_BAD || got.Reason != roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED {
		t.Errorf("got %v %v, want BAD, NOT_CONNECTED", got.Quality, got.Reason)
	}
}

func TestCheck(t *testing.T) {
	edited := func(edit func(*roostv1.Profile)) actors.Device {
		d := device("d", "pump")
		edit(d.Profile)
		return d
	}
	tests := []struct {
		name   string
		device actors.Device
		want   string // empty: fine
	}{
		{"kind from the profile's id", actors.Device{Spec: &roostv1.DeviceSpec{Profile: "sim-valve"}, Profile: profile("valve")}, ""},
		{"no kind", actors.Device{Spec: &roostv1.DeviceSpec{Profile: "x"}, Profile: profile("valve")},
			`address["kind"]: is needed, as the profile is not one of the simulation's: one of pump, thermostat, valve, sensor`},
		{"unknown kind", device("d", "rocket"), `address["kind"]: "rocket" is not one of pump, thermostat, valve, sensor; `},
		{"unknown key", device("d", "valve", "sped", "1"),
			`address["sped"]: unknown key; a valve has kind, seed, noise, push, deliver, burst, fence, travel, stuck, and fault.NAME`},
		{"another kind's key", device("d", "valve", "ramp", "1"), `address["ramp"]: unknown key; a valve has`},
		{"seed", device("d", "valve", "seed", "-1"), `address["seed"]: "-1" is not a whole number from 0 to 2^64-1`},
		{"truth", device("d", "valve", "stuck", "yes"), `address["stuck"]: "yes" is neither true nor false`},
		{"duration", device("d", "valve", "push", "5"), `address["push"]: "5" is not a duration from 1ms to 24h0m0s`},
		{"too short", device("d", "valve", "push", "1us"), `address["push"]: "1us" is not a duration from 1ms to 24h0m0s`},
		{"number", device("d", "valve", "travel", "fast"), `address["travel"]: "fast" is not a number from 0.01 to 1e+06`},
		{"not a number", device("d", "valve", "travel", "NaN"), `address["travel"]: "NaN" is not a number from 0.01 to 1e+06`},
		{"all good", device("d", "pump", "seed", "5", "ramp", "100", "overload", "1m", "push", "1s", "deliver", "true",
			"burst", "7", "fence", "false", "fault.actuate.trip", "3"), ""},
		{"several", device("d", "valve", "push", "x", "seed", "x"), `address["push"]: "x" is not a duration from 1ms to 24h0m0s; address["seed"]: "x" is`},
		{"resource", edited(func(p *roostv1.Profile) { p.Resources[0].Name = "jump" }), `resources[0].name: a pump has no resource "jump"`},
		{"type", edited(func(p *roostv1.Profile) { p.Resources[0].Type = roostv1.ValueType_VALUE_TYPE_DOUBLE }),
			`resources[0].type: run is a BOOL and cannot be a DOUBLE`},
		{"number for number", edited(func(p *roostv1.Profile) { p.Resources[1].Type = roostv1.ValueType_VALUE_TYPE_INT }), ""},
		{"unit", edited(func(p *roostv1.Profile) { p.Resources[1].Unit = "Hz" }), `resources[1].unit: speed is in "{rev}/min", not in "Hz"`},
		{"access", edited(func(p *roostv1.Profile) { p.Resources[3].Access = roostv1.Access_ACCESS_READ_WRITE }),
			`resources[3].access: flow can be READ only`},
		{"less access", edited(func(p *roostv1.Profile) { p.Resources[0].Access = roostv1.Access_ACCESS_READ }), ""},
		{"command", edited(func(p *roostv1.Profile) { p.Commands = []*roostv1.CommandSpec{{Name: "explode"}} }),
			`commands[0].steps: command "explode" has none, and a pump has no such command of its own`},
		{"command without its steps", edited(func(p *roostv1.Profile) { p.Commands = []*roostv1.CommandSpec{{Name: "start"}} }),
			`commands[0].steps: command "start" has none`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := sim.NewDriver(nil).Check(tt.device)
			if tt.want == "" {
				if err != nil {
					t.Errorf("got %v, want it fine", err)
				}
				return
			}
			if !errors.Is(err, roostv1.ErrInvalid) || !strings.HasPrefix(err.Error()+"; ", tt.want) {
				t.Errorf("got %v, want ErrInvalid with %s", err, tt.want)
			}
		})
	}
}

func TestOpenRefusesWhatCheckRefuses(t *testing.T) {
	for _, d := range []actors.Device{{}, {Spec: &roostv1.DeviceSpec{Id: "d"}}, device("d", "valve", "x", "y")} {
		if _, err := sim.NewDriver(nil).Open(t.Context(), d); !errors.Is(err, roostv1.ErrInvalid) {
			t.Errorf("got %v, want ErrInvalid", err)
		}
	}
}

// An address that Check takes is one that Open takes, and no other.
func FuzzAddress(f *testing.F) {
	f.Add("pump", "ramp", "600", "fault.poll.error", "5%")
	f.Add("valve", "stuck", "true", "fault.actuate.stick", "every 3")
	f.Add("sensor", "push", "10ms", "fault.push.babble", "10s..20s, 3")
	f.Add("thermostat", "tau", "5m", "fault.open.slow", "always for 1ms..2ms")
	f.Add("sensor", "seed", "18446744073709551615", "burst", "1e5")
	f.Fuzz(func(t *testing.T, kind, key1, value1, key2, value2 string) {
		d := device("d", kind)
		maps.Copy(d.Spec.Address, map[string]string{key1: value1, key2: value2})
		d.Profile = profile(d.Spec.Address["kind"])
		for key := range d.Spec.Address {
			if strings.HasPrefix(key, "fault.open.") {
				return // It may panic or hang, as it should.
			}
		}
		driver := sim.NewDriver(nil)
		checked := driver.Check(d)
		session, opened := driver.Open(t.Context(), d)
		if (checked == nil) != (opened == nil) {
			t.Fatalf("Check says %v, Open %v", checked, opened)
		}
		if checked != nil && !errors.Is(checked, roostv1.ErrInvalid) {
			t.Errorf("Check says %v, want ErrInvalid", checked)
		}
		if session == nil {
			return
		}
		for _, r := range d.Profile.GetResources() {
			if v, ok := driver.World().Value("d", r.GetName()); ok {
				if _, err := roostv1.Convert(v, r.GetType()); err != nil {
					t.Errorf("%s: %v", r.GetName(), err)
				}
			}
		}
	})
}

func Example() {
	world := sim.NewWorld()
	driver := sim.NewDriver(world)
	valve := actors.Device{
		Spec:    &roostv1.DeviceSpec{Id: "inlet", Profile: "sim-valve", Driver: sim.Name, Address: map[string]string{"stuck": "true"}},
		Profile: sim.Profiles()[2],
	}
	ctx := context.Background()
	session, err := driver.Open(ctx, valve)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close(ctx)

	_, err = session.(actors.Actuator).Actuate(ctx, actors.Action{
		CommandID: "c1", Command: "open_by", Resource: "open_by", Value: roostv1.Double(20), Epoch: 3,
	})
	fmt.Println(err)
	for _, r := range world.Log() {
		fmt.Printf("%d: %s %s %s=%s under epoch %d: %s\n", r.Seq, r.Device, r.CommandID, r.Resource, r.Value.Format(), r.Epoch, r.Refusal)
	}
	// Output:
	// write open_by of inlet: refused by the device: the valve is stuck at 0.0 %; free it first
	// 1: inlet c1 open_by=20 under epoch 3: the valve is stuck at 0.0 %; free it first
}

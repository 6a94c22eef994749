package sim_test

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestPumpRampsItsSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("p", "pump", "ramp", "600"))
		expect := func(resource string, want float64) {
			t.Helper()
			if got := number(t, s, resource); !near(got, want) {
				t.Errorf("%s is %v, want %v", resource, got, want)
			}
		}
		mustWrite(t, s, "speed", roostv1.Double(3000))
		pass(time.Minute)
		expect("speed", 0) // it is not switched on
		expect("speed.set", 3000)
		expect("power", 50)

		mustWrite(t, s, "run", roostv1.Bool(true))
		pass(2500 * time.Millisecond)
		expect("speed", 1500)
		expect("flow", 30)    // half the speed: half the flow,
		expect("pressure", 1) // a quarter of the pressure,
		expect("power", 50+1450./8)
		expect("volume", 30./60*2.5/2)

		pass(2500*time.Millisecond + time.Minute)
		expect("speed", 3000)
		expect("volume", 60./60*5/2+60)

		mustWrite(t, s, "speed_up", roostv1.Double(-1200))
		mustWrite(t, s, "speed_up", roostv1.Double(-1200))
		expect("speed.set", 600)
		pass(time.Second)
		expect("speed", 2400)
		mustWrite(t, s, "run", roostv1.Bool(false))
		pass(time.Minute)
		expect("speed", 0)
		expect("flow", 0)
	})
}

func TestPumpDosesEachTime(t *testing.T) {
	s := open(t, sim.NewDriver(nil), device("p", "pump"))
	for range 3 {
		mustWrite(t, s, "dose", roostv1.Double(12.5))
	}
	if got := number(t, s, "dosed"); got != 37.5 {
		t.Errorf("dosed %v, want 37.5", got)
	}
}

func TestPumpTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("p", "pump", "overload", "1m", "ramp", "1000"))
		tripped := func() bool { return poll(t, s, "tripped")["tripped"].GetBool() }
		mustWrite(t, s, "speed", roostv1.Double(3600))
		mustWrite(t, s, "run", roostv1.Bool(true))
		pass(59 * time.Second)
		mustWrite(t, s, "speed", roostv1.Double(3500)) // still too fast
		if tripped() {
			t.Fatal("it tripped after 59 s, want 1m")
		}
		pass(2 * time.Second)
		if !tripped() || poll(t, s, "run")["run"].GetBool() {
			t.Fatal("it did not trip after 1m")
		}
		if got := number(t, s, "speed"); got != 2500 {
			t.Errorf("one second after it tripped, speed is %v, want 2500", got)
		}
		for resource, v := range map[string]*roostv1.Value{
			"run": roostv1.Bool(true), "speed": roostv1.Double(100), "dose": roostv1.Double(1),
		} {
			if err := write(t, s, resource, v); !errors.Is(err, actors.ErrRefused) {
				t.Errorf("%s when tripped: got %v, want ErrRefused", resource, err)
			}
		}
		mustWrite(t, s, "run", roostv1.Bool(false))
		mustWrite(t, s, "reset_trip", roostv1.Bool(true))
		mustWrite(t, s, "speed", roostv1.Double(3000))
		mustWrite(t, s, "run", roostv1.Bool(true))
		pass(time.Hour)
		if tripped() {
			t.Error("it tripped at its rated speed")
		}
	})
}

func TestPumpTestsItself(t *testing.T) {
	s := open(t, sim.NewDriver(nil), device("p", "pump", "fault.actuate.trip", "2"))
	for n, want := range []bool{true, false} {
		got, err := s.(actors.Actuator).Actuate(t.Context(), actors.Action{Command: "self_test"})
		if err != nil || got["passed"].GetBool() != want || got["firmware"].GetString_() == "" {
			t.Errorf("test %d: got %v, %v; want passed: %v", n+1, got, err, want)
		}
	}
}

func TestValveTravels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("v", "valve"))
		expect := func(position float64, opened, closed bool) {
			t.Helper()
			got := poll(t, s, "position", "opened", "closed")
			if got["position"].GetDouble() != position || got["opened"].GetBool() != opened || got["closed"].GetBool() != closed {
				t.Errorf("got %v, want %v, opened %v, closed %v", got, position, opened, closed)
			}
		}
		expect(0, false, true)
		mustWrite(t, s, "position", roostv1.Double(60))
		pass(3 * time.Second)
		expect(30, false, false)
		mustWrite(t, s, "open_by", roostv1.Double(-20)) // of the set position
		pass(time.Minute)
		expect(40, false, false)
		mustWrite(t, s, "open_by", roostv1.Double(70)) // stopped by its end
		pass(time.Minute)
		expect(100, true, false)
		if got := number(t, s, "position.set"); got != 100 {
			t.Errorf("position.set is %v, want 100", got)
		}
	})
}

func TestValveSticksUntilFreed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("v", "valve", "fault.actuate.stick", "2"))
		mustWrite(t, s, "position", roostv1.Double(100))
		pass(5 * time.Second)
		for range 2 {
			if err := write(t, s, "open_by", roostv1.Double(1)); !errors.Is(err, actors.ErrRefused) {
				t.Errorf("got %v, want ErrRefused", err)
			}
			pass(time.Minute)
			if got := poll(t, s, "position", "stuck"); got["position"].GetDouble() != 50 || !got["stuck"].GetBool() {
				t.Errorf("got %v, want stuck at 50", got)
			}
		}
		mustWrite(t, s, "free", roostv1.Bool(true))
		mustWrite(t, s, "open_by", roostv1.Double(10))
		pass(time.Minute)
		if got := number(t, s, "position"); got != 60 {
			t.Errorf("freed, position is %v, want 60", got)
		}
	})
}

func TestThermostatHeatsTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("t", "thermostat", "ambient", "10", "tau", "10m"))
		expect := func(temperature float64, heating bool) {
			t.Helper()
			got := poll(t, s, "temperature", "heating")
			if !near(got["temperature"].GetDouble(), temperature) || got["heating"].GetBool() != heating {
				t.Errorf("got %v, want %v, heating %v", got, temperature, heating)
			}
		}
		expect(10, true)
		mustWrite(t, s, "setpoint", roostv1.Double(30))
		pass(10 * time.Minute)
		expect(30-20/math.E, true)
		pass(24 * time.Hour)
		expect(30, false)
		mustWrite(t, s, "mode", roostv1.Text("off"))
		pass(10 * time.Minute)
		expect(10+20/math.E, false)
		pass(24 * time.Hour)
		mustWrite(t, s, "mode", roostv1.Text("heat"))
		mustWrite(t, s, "setpoint", roostv1.Double(5)) // colder than outside
		pass(24 * time.Hour)
		expect(10, false)
	})
}

func TestSensorSwings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, sim.NewDriver(nil), device("s", "sensor", "mean", "40", "amplitude", "10", "period", "1m"))
		least, most := math.Inf(1), math.Inf(-1)
		first := number(t, s, "temperature")
		for range 60 {
			v := number(t, s, "temperature")
			least, most = min(least, v), max(most, v)
			pass(time.Second)
		}
		if math.Abs(least-30) > .1 || math.Abs(most-50) > .1 {
			t.Errorf("it went from %v to %v, want 30 to 50", least, most)
		}
		if got := number(t, s, "temperature"); !near(got, first) {
			t.Errorf("after its period it is %v, want %v again", got, first)
		}
		if got := number(t, s, "count"); got != 63 {
			t.Errorf("count is %v, want 63", got)
		}
	})
}

package sim

import (
	"errors"
	"fmt"
	"math"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Figures of the pump.
const (
	pumpRated = 3000.0 // rev/min that it can run for ever
	pumpMost  = 3600.0 // rev/min that its drive allows
	pumpFlow  = 60.0   // L/min at the rated speed
	pumpHead  = 4.0    // bar at the rated speed
	pumpIdle  = 50.0   // W of the drive alone
	pumpPower = 1450.0 // W more at the rated speed
	doseMost  = 1000.0 // mL in one dose
)

// pump is a centrifugal pump on a variable speed drive, with a dosing head. By the
// laws of such pumps, flow goes with the speed, pressure with its square and power
// with its cube. Above the rated speed for too long, it trips.
type pump struct {
	overload time.Duration // that it bears

	on, tripped bool
	set         float64   // rev/min when it runs
	speed       ramp      // rev/min
	pumped      float64   // L until the ramp began
	dosed       float64   // mL
	above       time.Time // since when it is set above the rated speed; zero: it is not
}

func pumpKind() kind {
	return kind{
		name: "pump",
		settings: []setting{
			{key: "ramp", preset: 600, min: 1, max: 1e6},
			{key: "overload", form: asDuration, preset: 300, min: 0.001, max: 86400},
		},
		profile: pumpProfile,
		build: func(s settings, at time.Time) machinery {
			return &pump{overload: s.span("overload"), speed: ramp{rate: s["ramp"], since: at}}
		},
	}
}

func pumpProfile() *roostv1.Profile {
	speed := settable(measured("speed", "Speed of the motor", "{rev}/min", 0, pumpMost), "speed.set", 0.5, 100*time.Millisecond)
	faster := triggered(measured("speed_up", "Change of the set speed", "{rev}/min", -pumpMost, pumpMost), relative)
	dose := triggered(measured("dose", "Amount to dose, once", "mL", 0, doseMost), relative)
	return &roostv1.Profile{
		Description: "A pump on a variable speed drive, with a dosing head",
		Resources: []*roostv1.Resource{
			settable(shown("run", "Whether the motor is switched on"), "", 0, 0),
			speed,
			measured("speed.set", "Speed that the motor is to have when it runs", "{rev}/min", 0, pumpMost),
			measured("flow", "Flow", "L/min", 0, 100),
			measured("pressure", "Pressure behind the pump", "bar", 0, 10),
			measured("power", "Electrical power", "W", 0, 5000),
			totalled("volume", "Volume pumped since it was made", "L", isDouble),
			totalled("dosed", "Volume dosed since it was made", "mL", isDouble),
			shown("tripped", "Whether the overload protection has switched it off"),
			faster,
			dose,
			triggered(shown("reset_trip", "Resets the overload protection"), pulse),
		},
		Commands: []*roostv1.CommandSpec{
			always("start", "Switch the motor on", "run", roostv1.Bool(true), absolute),
			always("stop", "Switch the motor off", "run", roostv1.Bool(false), absolute),
			taking("set_speed", "Set the speed", "rpm", speed),
			taking("speed_up", "Change the set speed", "rpm", faster),
			taking("dose", "Dose once", "ml", dose),
			always("reset_trip", "Reset the overload protection", "reset_trip", roostv1.Bool(true), pulse),
			{Name: "self_test", Description: "Test the drive; tells whether it passed, and its firmware", WriteKind: pulse},
		},
	}
}

func (p *pump) read(resource string, at moment) *roostv1.Value {
	p.settle(at.now)
	speed := p.speed.at(at.now)
	part := speed / pumpRated
	turning := math.Min(part*100, 1) // no noise from what stands still
	switch resource {
	case "run":
		return roostv1.Bool(p.on)
	case "speed":
		return at.noisy(resource, speed, 2*turning, 0, pumpMost)
	case "speed.set":
		return roostv1.Double(p.set)
	case "flow":
		return at.noisy(resource, pumpFlow*part, 0.2*turning, 0, 100)
	case "pressure":
		return at.noisy(resource, pumpHead*part*part, 0.02*turning, 0, 10)
	case "power":
		return at.noisy(resource, pumpIdle+pumpPower*part*part*part, 3, 0, 5000)
	case "volume":
		return roostv1.Double(p.volume(at.now))
	case "dosed":
		return roostv1.Double(p.dosed)
	case "tripped":
		return roostv1.Bool(p.tripped)
	default:
		return nil
	}
}

func (p *pump) write(resource string, v *roostv1.Value, at moment) error {
	p.settle(at.now)
	if resource == "reset_trip" {
		return p.reset(v)
	}
	if p.tripped && (resource != "run" || v.GetBool()) {
		return errors.New("the overload protection has tripped; reset it first")
	}
	switch resource {
	case "run":
		on, err := truthIn(v)
		if err != nil {
			return err
		}
		p.on = on
	case "speed":
		set, err := numberIn(v, 0, pumpMost)
		if err != nil {
			return err
		}
		p.set = set
	case "speed_up":
		more, err := numberIn(v, -pumpMost, pumpMost)
		if err != nil {
			return err
		}
		if p.set+more < 0 || p.set+more > pumpMost {
			return fmt.Errorf("a set speed of %v is not from 0 to %v", p.set+more, pumpMost)
		}
		p.set += more
	case "dose":
		more, err := numberIn(v, 0, doseMost)
		if err != nil {
			return err
		}
		p.dosed += more
	default:
		return fmt.Errorf("%s cannot be written", resource)
	}
	p.drive(at.now)
	return nil
}

func (p *pump) reset(v *roostv1.Value) error {
	if err := pulseIn(v); err != nil {
		return err
	}
	p.tripped = false
	return nil
}

func (p *pump) run(command string, at moment) (map[string]*roostv1.Value, error) {
	if command != "self_test" {
		return nil, fmt.Errorf("it has no command %s", command)
	}
	p.settle(at.now)
	return map[string]*roostv1.Value{
		"passed":   roostv1.Bool(!p.tripped),
		"firmware": roostv1.Text("sim-1"),
	}, nil
}

func (p *pump) upset(at moment) {
	p.settle(at.now)
	p.trip(at.now)
}

// settle makes happen what was due before now.
func (p *pump) settle(now time.Time) {
	if due := p.above.Add(p.overload); !p.above.IsZero() && !now.Before(due) {
		p.trip(due)
	}
}

func (p *pump) trip(at time.Time) {
	p.on, p.tripped = false, true
	p.drive(at)
}

// drive turns the motor to the speed that it is to have.
func (p *pump) drive(now time.Time) {
	goal := 0.0
	if p.on {
		goal = p.set
	}
	switch {
	case goal <= pumpRated:
		p.above = time.Time{}
	case p.above.IsZero():
		p.above = now
	}
	p.pumped = p.volume(now)
	p.speed.turn(goal, now)
}

// volume returns what was pumped, in L.
func (p *pump) volume(now time.Time) float64 {
	return p.pumped + p.speed.area(now)/60*pumpFlow/pumpRated
}

package sim

import (
	"fmt"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// profilePrefix and the name of a kind make the id of its profile.
const profilePrefix = "sim-"

// kind is a kind of hardware that can be simulated.
type kind struct {
	name     string
	settings []setting                                // beside the common ones
	profile  func() *roostv1.Profile                  // what it has and understands
	build    func(s settings, at time.Time) machinery // a new piece, just switched on
}

// kinds returns all kinds of hardware.
func kinds() []kind {
	return []kind{pumpKind(), thermostatKind(), valveKind(), sensorKind()}
}

// Profiles returns the profiles of all kinds of hardware: sim-pump, sim-thermostat,
// sim-valve and sim-sensor.
func Profiles() []*roostv1.Profile {
	var profiles []*roostv1.Profile
	for _, k := range kinds() {
		p := k.profile()
		p.Id = profilePrefix + k.name
		p.Manufacturer = "Roost"
		p.Model = "simulated " + k.name
		profiles = append(profiles, p)
	}
	return profiles
}

// machinery is what moves in a piece of hardware. Its owner calls it from one
// goroutine at a time, with times that never go back.
type machinery interface {
	// read returns what a sensor in it shows, and nil for what it has not.
	read(resource string, at moment) *roostv1.Value

	// write writes a resource of the kind's profile. An error is a refusal: then
	// nothing was changed.
	write(resource string, v *roostv1.Value, at moment) error

	// run carries out a command that has no steps in the kind's profile.
	run(command string, at moment) (map[string]*roostv1.Value, error)

	// upset makes it trip or stick.
	upset(at moment)
}

// moment is a time, and what happens to be at that time.
type moment struct {
	now     time.Time
	seed    uint64
	noise   float64 // 0: none
	samples uint64  // how often the hardware was sampled
}

// noisy returns v as a sensor shows it: with an error of that deviation, but
// within limits. The error depends on seed, name and time alone.
func (m moment) noisy(name string, v, deviation, least, most float64) *roostv1.Value {
	if m.noise > 0 {
		v += m.noise * deviation * gauss(m.seed, name, uint64(m.now.UnixMilli()))
	}
	return roostv1.Double(min(max(v, least), most))
}

// rigid is a part of machinery that has no commands of its own and is never upset.
type rigid struct{}

func (rigid) run(command string, _ moment) (map[string]*roostv1.Value, error) {
	return nil, fmt.Errorf("it has no command %s", command)
}

func (rigid) upset(moment) {}

// numberIn returns the number in v if it is within limits.
func numberIn(v *roostv1.Value, least, most float64) (float64, error) {
	n, ok := v.Number()
	if !ok || !(n >= least && n <= most) {
		return 0, fmt.Errorf("%s is not a number from %v to %v", v.Format(), least, most)
	}
	return n, nil
}

// truthIn returns the truth in v.
func truthIn(v *roostv1.Value) (bool, error) {
	b, ok := v.GetKind().(*roostv1.Value_Bool)
	if !ok {
		return false, fmt.Errorf("%s is neither true nor false", v.Format())
	}
	return b.Bool, nil
}

// pulseIn returns nil if v is true, which is what a pulse is given by.
func pulseIn(v *roostv1.Value) error {
	if on, err := truthIn(v); err != nil || !on {
		return fmt.Errorf("%s is not true, which alone acts", v.Format())
	}
	return nil
}

package sim

import (
	"fmt"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// valve is a motor valve that travels at a fixed rate between its two ends. When it
// sticks, it stays where it is and refuses to move until it is freed.
type valve struct {
	rigid
	position ramp // percent open
	stuck    bool
}

func valveKind() kind {
	return kind{
		name: "valve",
		settings: []setting{
			{key: "travel", preset: 10, min: 0.01, max: 1e6},
			{key: "stuck", form: asTruth},
		},
		profile: valveProfile,
		build: func(s settings, at time.Time) machinery {
			return &valve{position: ramp{rate: s["travel"], since: at}, stuck: s["stuck"] == 1}
		},
	}
}

func valveProfile() *roostv1.Profile {
	position := settable(measured("position", "How far it is open", "%", 0, 100), "position.set", 0.5, 100*time.Millisecond)
	by := triggered(measured("open_by", "Change of the set position", "%", -100, 100), relative)
	return &roostv1.Profile{
		Description: "A motor valve",
		Resources: []*roostv1.Resource{
			position,
			measured("position.set", "Position that it goes to", "%", 0, 100),
			shown("opened", "Whether it is at its open end"),
			shown("closed", "Whether it is at its closed end"),
			shown("stuck", "Whether it is stuck"),
			by,
			triggered(shown("free", "Frees it when it is stuck"), pulse),
		},
		Commands: []*roostv1.CommandSpec{
			always("open", "Open it wholly", "position", roostv1.Double(100), absolute),
			always("close", "Close it wholly", "position", roostv1.Double(0), absolute),
			taking("set_position", "Set how far it is open", "percent", position),
			taking("open_by", "Open it further, or less", "percent", by),
			always("free", "Free it when it is stuck", "free", roostv1.Bool(true), pulse),
		},
	}
}

func (v *valve) read(resource string, at moment) *roostv1.Value {
	position := v.position.at(at.now)
	switch resource {
	case "position":
		return at.noisy(resource, position, 0.05, 0, 100)
	case "position.set":
		return roostv1.Double(v.position.to)
	case "opened":
		return roostv1.Bool(position >= 99.5)
	case "closed":
		return roostv1.Bool(position <= 0.5)
	case "stuck":
		return roostv1.Bool(v.stuck)
	default:
		return nil
	}
}

func (v *valve) write(resource string, value *roostv1.Value, at moment) error {
	switch resource {
	case "position":
		to, err := numberIn(value, 0, 100)
		if err != nil {
			return err
		}
		return v.move(to, at)
	case "open_by":
		more, err := numberIn(value, -100, 100)
		if err != nil {
			return err
		}
		// The ends of the way stop it.
		return v.move(min(max(v.position.to+more, 0), 100), at)
	case "free":
		if err := pulseIn(value); err != nil {
			return err
		}
		v.stuck = false
		return nil
	default:
		return fmt.Errorf("%s cannot be written", resource)
	}
}

func (v *valve) move(to float64, at moment) error {
	if v.stuck {
		return fmt.Errorf("the valve is stuck at %.1f %%; free it first", v.position.at(at.now))
	}
	v.position.turn(to, at.now)
	return nil
}

func (v *valve) upset(at moment) {
	v.stuck = true
	v.position.turn(v.position.at(at.now), at.now)
}

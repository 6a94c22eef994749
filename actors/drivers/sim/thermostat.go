package sim

import (
	"fmt"
	"math"
	"slices"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Limits of the thermostat's set point, in Cel.
const (
	setpointLeast = 5.0
	setpointMost  = 35.0
)

// thermostat heats a room whose temperature nears what it is heading for
// exponentially: the set point while it heats, else what is outside.
type thermostat struct {
	rigid
	ambient  float64 // Cel
	tau      float64 // s until 63 % of a difference are made up for
	setpoint float64 // Cel
	mode     string
	from     float64 // Cel, since
	since    time.Time
}

func thermostatKind() kind {
	return kind{
		name: "thermostat",
		settings: []setting{
			{key: "ambient", preset: 15, min: -40, max: 60},
			{key: "tau", form: asDuration, preset: 300, min: 0.001, max: 86400},
		},
		profile: thermostatProfile,
		build: func(s settings, at time.Time) machinery {
			return &thermostat{
				ambient: s["ambient"], tau: s["tau"], setpoint: 20, mode: "heat",
				from: s["ambient"], since: at,
			}
		},
	}
}

func thermostatProfile() *roostv1.Profile {
	setpoint := settable(measured("setpoint", "Temperature to reach", "Cel", setpointLeast, setpointMost), "", 0.01, 0)
	mode := settable(&roostv1.Resource{
		Name: "mode", Description: "Whether it may heat", Type: isText, Options: []string{"heat", "off"},
	}, "", 0, 0)
	return &roostv1.Profile{
		Description: "A thermostat in a room",
		Resources: []*roostv1.Resource{
			measured("temperature", "Temperature of the room", "Cel", -50, 100),
			setpoint,
			mode,
			shown("heating", "Whether the room is being warmed up"),
		},
		Commands: []*roostv1.CommandSpec{
			taking("set_setpoint", "Set the temperature to reach", "celsius", setpoint),
			taking("set_mode", "Set whether it may heat", "mode", mode),
		},
	}
}

func (t *thermostat) read(resource string, at moment) *roostv1.Value {
	switch resource {
	case "temperature":
		return at.noisy(resource, t.temperature(at.now), 0.05, -50, 100)
	case "setpoint":
		return roostv1.Double(t.setpoint)
	case "mode":
		return roostv1.Text(t.mode)
	case "heating":
		return roostv1.Bool(t.mode == "heat" && t.temperature(at.now) < t.setpoint-0.2)
	default:
		return nil
	}
}

func (t *thermostat) write(resource string, v *roostv1.Value, at moment) error {
	setpoint, mode := t.setpoint, t.mode
	switch resource {
	case "setpoint":
		to, err := numberIn(v, setpointLeast, setpointMost)
		if err != nil {
			return err
		}
		setpoint = to
	case "mode":
		mode = v.GetString_()
		if !slices.Contains([]string{"heat", "off"}, mode) {
			return fmt.Errorf("%s is not a mode; heat and off are", v.Format())
		}
	default:
		return fmt.Errorf("%s cannot be written", resource)
	}
	t.from, t.since = t.temperature(at.now), at.now
	t.setpoint, t.mode = setpoint, mode
	return nil
}

// temperature returns the temperature of the room, in Cel.
func (t *thermostat) temperature(now time.Time) float64 {
	goal := t.ambient
	if t.mode == "heat" {
		goal = max(goal, t.setpoint)
	}
	return goal + (t.from-goal)*math.Exp(-now.Sub(t.since).Seconds()/t.tau)
}

package sim

import (
	"fmt"
	"math"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sensor measures a temperature that goes up and down like a sine.
type sensor struct {
	rigid
	mean, amplitude float64 // Cel
	period          float64 // s
}

func sensorKind() kind {
	return kind{
		name: "sensor",
		settings: []setting{
			{key: "mean", preset: 20, min: -40, max: 80},
			{key: "amplitude", preset: 5, max: 40},
			{key: "period", form: asDuration, preset: 60, min: 0.001, max: 31_536_000},
		},
		profile: sensorProfile,
		build: func(s settings, _ time.Time) machinery {
			return &sensor{mean: s["mean"], amplitude: s["amplitude"], period: s["period"]}
		},
	}
}

func sensorProfile() *roostv1.Profile {
	return &roostv1.Profile{
		Description: "A temperature sensor",
		Resources: []*roostv1.Resource{
			measured("temperature", "Temperature", "Cel", -100, 150),
			totalled("count", "How often it was sampled since it was made", "1", isUint),
		},
	}
}

func (s *sensor) read(resource string, at moment) *roostv1.Value {
	switch resource {
	case "temperature":
		phase := math.Mod(float64(at.now.UnixMilli())/1000, s.period)/s.period + uniform(at.seed, "phase", 0)
		return at.noisy(resource, s.mean+s.amplitude*math.Sin(2*math.Pi*phase), 0.1, -100, 150)
	case "count":
		return roostv1.Uint(at.samples)
	default:
		return nil
	}
}

func (*sensor) write(resource string, _ *roostv1.Value, _ moment) error {
	return fmt.Errorf("%s cannot be written", resource)
}

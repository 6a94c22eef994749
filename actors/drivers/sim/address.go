package sim

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// setting is an address key with a number, a duration (in seconds) or a truth (0
// or 1) as its value.
type setting struct {
	key      string
	form     form
	preset   float64
	min, max float64
}

type form uint8

const (
	asNumber form = iota
	asDuration
	asTruth
)

// settings are the values of an address, by key, presets included.
type settings map[string]float64

func (s settings) span(key string) time.Duration {
	return time.Duration(s[key] * float64(time.Second))
}

// common returns the settings that all kinds of hardware have.
func common() []setting {
	return []setting{
		{key: "noise", preset: 1, max: 100},
		{key: "push", form: asDuration, min: 0.001, max: 86400},
		{key: "deliver", form: asTruth},
		{key: "burst", preset: 1000, min: 1, max: 100_000},
		{key: "fence", form: asTruth},
	}
}

// address is a device's address, read.
type address struct {
	kind     kind
	seed     uint64
	settings settings
	faults   map[string]string // by name, without the prefix
	plan     plan
}

// faultPrefix starts the keys of faults.
const faultPrefix = "fault."

// parseAddress reads the address of a device. The result is usable only if there
// are no problems.
func parseAddress(d actors.Device) (address, roostv1.Problems) {
	keys := d.Spec.GetAddress()
	k, problems := kindOf(d)
	if len(problems) > 0 {
		return address{}, problems
	}
	a := address{
		kind:     k,
		seed:     mix(0, d.Spec.GetId(), 0),
		settings: make(settings),
		faults:   make(map[string]string),
	}
	known := append(common(), k.settings...)
	for _, s := range known {
		a.settings[s.key] = s.preset
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if err := a.read(key, keys[key], known); err != nil {
			problems = append(problems, roostv1.Problem{Path: fmt.Sprintf("address[%q]", key), Message: err.Error()})
		}
	}
	return a, problems
}

// kindOf returns the kind of hardware that a device is.
func kindOf(d actors.Device) (kind, roostv1.Problems) {
	name, given := d.Spec.GetAddress()["kind"]
	if !given {
		name = strings.TrimPrefix(d.Spec.GetProfile(), profilePrefix)
	}
	var names []string
	for _, k := range kinds() {
		if k.name == name {
			return k, nil
		}
		names = append(names, k.name)
	}
	message := fmt.Sprintf("%q is not one of %s", name, strings.Join(names, ", "))
	if !given {
		message = "is needed, as the profile is not one of the simulation's: one of " + strings.Join(names, ", ")
	}
	return kind{}, roostv1.Problems{{Path: `address["kind"]`, Message: message}}
}

// read takes over the value of one key.
func (a *address) read(key, value string, known []setting) error {
	if name, ok := strings.CutPrefix(key, faultPrefix); ok {
		t, err := parseFault(a.kind.name, name, value)
		a.plan = append(a.plan, t)
		a.faults[name] = value
		return err
	}
	switch key {
	case "kind":
		return nil
	case "seed":
		seed, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number from 0 to 2^64-1", value)
		}
		a.seed = seed
		return nil
	}
	names := []string{"kind", "seed"}
	for _, s := range known {
		if s.key == key {
			v, err := s.parse(value)
			a.settings[key] = v
			return err
		}
		names = append(names, s.key)
	}
	return fmt.Errorf("unknown key; a %s has %s, and fault.NAME", a.kind.name, strings.Join(names, ", "))
}

func (s setting) parse(text string) (float64, error) {
	switch s.form {
	case asTruth:
		if text != "true" && text != "false" {
			return 0, fmt.Errorf("%q is neither true nor false", text)
		}
		if text == "true" {
			return 1, nil
		}
		return 0, nil
	case asDuration:
		d, err := time.ParseDuration(text)
		if err != nil || d.Seconds() < s.min || d.Seconds() > s.max {
			return 0, fmt.Errorf("%q is not a duration from %v to %v", text, inSeconds(s.min), inSeconds(s.max))
		}
		return d.Seconds(), nil
	default:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) || v < s.min || v > s.max {
			return 0, fmt.Errorf("%q is not a number from %v to %v", text, s.min, s.max)
		}
		return v, nil
	}
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

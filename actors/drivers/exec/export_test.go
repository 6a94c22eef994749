package exec

import (
	"bytes"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Taken returns the samples and results that a program's line has for a profile.
func Taken(p *roostv1.Profile, line []byte) ([]actors.Sample, map[string]*roostv1.Value, error) {
	a, err := parseAnswer(bytes.TrimSpace(line))
	if err != nil {
		return nil, nil, err
	}
	s := newSession(actors.Device{Profile: p}, address{}, nil)
	values := a.Values
	if a.Push != nil {
		values = a.Push
	}
	samples, err := s.samples(values, nil)
	if err != nil {
		return nil, nil, err
	}
	results, err := s.results(values)
	return samples, results, err
}

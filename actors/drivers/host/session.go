package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// session reads the resources of one device. Only Poll touches what changes in it.
type session struct {
	place   place
	volumes *volumes
	log     *slog.Logger
	probes  map[string]*probe // by resource
}

// Poll reads the resources that are asked for. It fails only if ctx ends.
func (s *session) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	look := newLook(ctx, s.place, s.volumes)
	samples := make([]actors.Sample, 0, len(resources))
	for _, name := range resources {
		sample, ok := s.read(look, name)
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if ok {
			samples = append(samples, sample)
		}
	}
	return samples, nil
}

// read returns the sample of a resource, and false if there is none yet.
func (s *session) read(l *look, name string) (actors.Sample, bool) {
	sample := actors.Sample{Resource: name}
	p := s.probes[name]
	if p == nil {
		sample.Quality, sample.Reason = roostv1.Quality_QUALITY_BAD, roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED
		return sample, true
	}
	value, err := p.read(l)
	sample.At = time.Now()
	s.note(name, p, err)
	if err != nil {
		sample.Quality, sample.Reason = roostv1.Quality_QUALITY_BAD, p.reason()
		return sample, true
	}
	sample.Value = value
	return sample, value != nil
}

// note remembers how the sensor does, and tells what changed.
func (s *session) note(name string, p *probe, err error) {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		// This says nothing about the sensor.
	case err != nil && !p.failing:
		p.failing = true
		s.log.Info("sensor failed", "resource", name, "error", err)
	case err == nil && p.failing:
		p.failing = false
		s.log.Info("sensor works again", "resource", name)
	}
	p.worked = p.worked || err == nil
}

// Close frees nothing: a session holds nothing.
func (*session) Close(context.Context) error { return nil }

// probe is the sensor of one resource.
type probe struct {
	read    reader
	worked  bool // at least once in this session
	failing bool // when last read
}

// newProbe returns the probe of a resource that was checked.
func newProbe(r *roostv1.Resource, at place) *probe {
	sensor, part, _ := sensorOf(r)
	path := at.path
	if own, ok := r.GetProtocol()["path"]; ok {
		path = own
	}
	return &probe{read: sensor.open(part, path)}
}

// reason tells a sensor that is not there from one that broke.
func (p *probe) reason() roostv1.QualityReason {
	if p.worked {
		return roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
	}
	return roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED
}

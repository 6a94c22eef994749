package opcua

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// polled is a session that asks for values.
type polled struct {
	*session
	planned planned
}

// planned is how resources were read last.
type planned struct {
	names  []string
	points []*point
	nodes  []*ua.ReadValueID
}

// Poll reads the resources, as many as may be with each request.
func (s *polled) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	samples, err := s.poll(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.name(), err)
	}
	return samples, nil
}

func (s *polled) poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	plan, err := s.plan(resources)
	if err != nil {
		return nil, err
	}
	samples := make([]actors.Sample, 0, len(resources))
	for _, nodes := range parts(plan.nodes, s.at.most) {
		results, err := s.read(ctx, nodes)
		if err != nil {
			return nil, err
		}
		at := time.Now()
		for _, v := range results {
			sample := plan.points[len(samples)].sample(v)
			sample.At = at
			samples = append(samples, sample)
		}
	}
	return samples, nil
}

// plan returns what is read. Mostly the same resources are asked for again.
func (s *polled) plan(resources []string) (planned, error) {
	if len(s.planned.names) > 0 && slices.Equal(s.planned.names, resources) {
		return s.planned, nil
	}
	plan := planned{names: slices.Clone(resources)}
	for _, name := range resources {
		p := s.points[name]
		if p == nil {
			return plan, roostv1.Errorf(roostv1.ErrInvalid, "the profile has no resource %q", name)
		}
		plan.points = append(plan.points, p)
		plan.nodes = append(plan.nodes, readID(p.id, ua.AttributeIDValue, p.index))
	}
	s.planned = plan
	return plan, nil
}

package opcua

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// polled is a session that asks for values. When its connection has ended the next poll makes another: a device that was restarted is
// read again at once, and does not have to fail first.
type polled struct {
	mu      sync.Mutex
	now     *session
	closed  bool
	planned planned // of now
}

var errClosed = errors.New("the session was closed")

// planned is how resources were read last.
type planned struct {
	names  []string
	points []*point
	nodes  []*ua.ReadValueID
}

// Poll reads the resources, as many as may be with each request.
func (s *polled) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	now, err := s.connected(ctx)
	if err != nil {
		return nil, fmt.Errorf("poll: %w", err)
	}
	samples, err := s.poll(ctx, now, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", now.name(), err)
	}
	return samples, nil
}

// connected returns the session, with another connection if the one that it had has ended.
func (s *polled) connected(ctx context.Context) (*session, error) {
	now := s.current()
	if now.Err() == nil {
		return now, nil
	}
	next, err := open(ctx, now.device, now.secrets)
	if err != nil {
		return nil, fmt.Errorf("open %s again: %w", now.name(), err)
	}
	s.mu.Lock()
	unwanted := now
	if s.closed {
		unwanted = next
	} else {
		s.now, s.planned = next, planned{}
	}
	closed := s.closed
	s.mu.Unlock()
	_ = unwanted.Close(ctx)
	if closed {
		return nil, errClosed
	}
	return next, nil
}

func (s *polled) current() *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Actuate writes a resource, or calls a method. It makes no connection.
func (s *polled) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	return s.current().Actuate(ctx, a)
}

// Close ends the session, and that which a poll that still runs may make.
func (s *polled) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	now := s.now
	s.mu.Unlock()
	return now.Close(ctx)
}

func (s *polled) poll(ctx context.Context, now *session, resources []string) ([]actors.Sample, error) {
	plan, err := s.plan(now, resources)
	if err != nil {
		return nil, err
	}
	samples := make([]actors.Sample, 0, len(resources))
	for _, nodes := range parts(plan.nodes, now.at.most) {
		results, err := now.read(ctx, nodes)
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
func (s *polled) plan(now *session, resources []string) (planned, error) {
	if len(s.planned.names) > 0 && slices.Equal(s.planned.names, resources) {
		return s.planned, nil
	}
	plan := planned{names: slices.Clone(resources)}
	for _, name := range resources {
		p := now.points[name]
		if p == nil {
			return plan, roostv1.Errorf(roostv1.ErrInvalid, "the profile has no resource %q", name)
		}
		plan.points = append(plan.points, p)
		plan.nodes = append(plan.nodes, readID(p.id, ua.AttributeIDValue, p.index))
	}
	s.planned = plan
	return plan, nil
}

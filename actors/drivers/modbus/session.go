package modbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var errClosed = errors.New("the session was closed")

// session is one session with a device. Its calls come one at a time.
type session struct {
	driver  *Driver
	line    *line
	device  string
	at      address
	entries map[string]*entry
	closed  atomic.Bool
	alone   map[*entry]bool // what the device does not give together with others
	planned planned
}

// planned is how resources were read last.
type planned struct {
	names  []string
	spans  []span
	blanks blanks // for the values of all of them
}

// Poll reads the resources, as many as may be with each request.
func (s *session) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	samples, err := s.poll(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.device, err)
	}
	return samples, nil
}

func (s *session) poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	todo, err := s.plan(resources)
	if err != nil {
		return nil, err
	}
	e := endOf(ctx)
	defer e.stop()
	r := newReading(s, e, len(resources))
	for i := 0; i < len(todo); i++ {
		again, err := r.read(ctx, &todo[i])
		if err != nil {
			if len(r.samples) == 0 || ctx.Err() != nil {
				return nil, err
			}
			r.bad(&todo[i], roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE, 0)
		}
		todo = append(todo, again...)
	}
	r.decode()
	return r.samples, nil
}

// plan returns the spans of the resources. Mostly the same ones are asked for again.
func (s *session) plan(resources []string) ([]span, error) {
	if s.planned.spans != nil && slices.Equal(s.planned.names, resources) {
		return slices.Clip(s.planned.spans), nil
	}
	var together []*entry
	var alone []span
	var room blanks
	for _, name := range resources {
		e := s.entries[name]
		if e == nil {
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "the profile has no resource %q", name)
		}
		room.reserve(e.kind)
		if s.alone[e] {
			alone = append(alone, lone(e))
		} else {
			together = append(together, e)
		}
	}
	s.planned = planned{names: slices.Clone(resources), spans: append(spans(together, s.at.gap, s.at.most), alone...), blanks: room}
	return slices.Clip(s.planned.spans), nil
}

// apart remembers that what lies in a span is to be read one by one, and returns how.
func (s *session) apart(of *span) []span {
	if s.alone == nil {
		s.alone = make(map[*entry]bool)
	}
	s.planned = planned{}
	var each []span
	for _, e := range of.entries {
		s.alone[e] = true
		each = append(each, lone(e))
	}
	return each
}

// Actuate writes a resource.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if err := s.actuate(ctx, a); err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", a.Resource, s.device, err)
	}
	return nil, nil
}

func (s *session) actuate(ctx context.Context, a actors.Action) error {
	e := s.entries[a.Resource]
	if e == nil || !e.resource.Writable() {
		return fmt.Errorf("%w: there is no such resource to write", actors.ErrNotSent)
	}
	request, err := e.request(a.Value)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	_, err = s.ask(ctx, query{Request: request})
	var exception frame.Exception
	if errors.As(err, &exception) && exception.Undone() {
		return fmt.Errorf("%w: %w", actors.ErrRefused, err)
	}
	return err
}

func (s *session) ask(ctx context.Context, q query) (frame.Response, error) {
	q.unit, q.reply, q.pause, q.closed = s.at.unit, s.at.reply, s.at.pause, &s.closed
	return s.line.ask(ctx, q)
}

// Close ends the session. Nothing is said to the device: Modbus has no farewell.
func (s *session) Close(context.Context) error {
	if !s.closed.Swap(true) {
		s.driver.leave(s.line)
	}
	return nil
}

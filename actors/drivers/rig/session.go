package rig

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

var errSessionClosed = errors.New("the session was closed")

// session is one session with a device. It outlives connections that break.
type session struct {
	driver *Driver
	device string
	at     address

	mu      sync.Mutex
	closed  bool
	line    line // the zero line: none
	attempt attempt
}

// line is an open session on a connection.
type line struct {
	link   *link
	number uint64 // of the session
}

// connected returns the line to the device, and makes one if there is none that works.
func (s *session) connected(ctx context.Context) (line, error) {
	s.mu.Lock()
	present, closed := s.line, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return line{}, errSessionClosed
	case present.link != nil && present.link.failure() == nil:
		return present, nil
	}
	fresh, err := s.connect(ctx)
	if err != nil {
		return line{}, err
	}
	return s.adopt(fresh)
}

// connect opens the session on a connection.
func (s *session) connect(ctx context.Context) (line, error) {
	if err := ctx.Err(); err != nil {
		return line{}, context.Cause(ctx)
	}
	l, err := s.driver.reach(ctx, s.at)
	if err != nil {
		return line{}, err
	}
	answer, err := l.call(ctx, &wire.Open{Device: s.device})
	if err != nil {
		s.driver.leave(l)
		return line{}, openError(err)
	}
	opened, ok := answer.(*wire.Opened)
	if !ok {
		s.driver.leave(l)
		return line{}, unexpected(answer)
	}
	return line{link: l, number: opened.Session}, nil
}

// openError gives a refusal the code that gateways and people know it by.
func openError(err error) error {
	switch {
	case errors.Is(err, wire.CodeTaken), errors.Is(err, wire.CodeBusy):
		return roostv1.Errorf(roostv1.ErrBusy, "%v", err)
	case errors.Is(err, wire.CodeUnknownDevice):
		return roostv1.Errorf(roostv1.ErrNotFound, "%v", err)
	default:
		return err
	}
}

// adopt makes a line the session's own, unless the session was closed meanwhile.
func (s *session) adopt(fresh line) (line, error) {
	s.mu.Lock()
	unwanted := s.line
	closed := s.closed
	if closed {
		unwanted = fresh
	} else {
		s.line = fresh
	}
	s.mu.Unlock()
	if unwanted.link != nil {
		s.driver.leave(unwanted.link)
	}
	if closed {
		return line{}, errSessionClosed
	}
	return fresh, nil
}

// forget lets the next request open the session anew, if the hardware says that there is none: it has booted since.
func (s *session) forget(to line, err error) {
	if !errors.Is(err, wire.CodeNotOpen) {
		return
	}
	s.mu.Lock()
	own := s.line == to
	if own {
		s.line = line{}
	}
	s.mu.Unlock()
	if own {
		s.driver.leave(to.link)
	}
}

// Poll reads the resources.
func (s *session) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	samples, err := s.poll(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.device, err)
	}
	return samples, nil
}

func (s *session) poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	if len(resources) == 0 {
		return nil, context.Cause(ctx)
	}
	to, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := to.link.call(ctx, &wire.Read{Session: to.number, Resources: resources})
	if err != nil {
		s.forget(to, err)
		return nil, err
	}
	read, ok := answer.(*wire.Values)
	if !ok {
		return nil, unexpected(answer)
	}
	if len(read.Values) != len(resources) {
		return nil, fmt.Errorf("the hardware answered with %d values for %d resources", len(read.Values), len(resources))
	}
	return samplesOf(resources, read.Values, time.Now()), nil
}

// samplesOf returns the samples of values that arrived at that time.
func samplesOf(resources []string, values []*roostv1.Value, at time.Time) []actors.Sample {
	samples := make([]actors.Sample, len(values))
	for i, v := range values {
		samples[i] = actors.Sample{Resource: resources[i], Value: v, At: at}
		if v == nil {
			samples[i].Quality = roostv1.Quality_QUALITY_BAD
			samples[i].Reason = roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED
		}
	}
	return samples
}

// Actuate writes a resource.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	if err := s.actuate(ctx, a); err != nil {
		return nil, fmt.Errorf("write %s of %s: %w", a.Resource, s.device, err)
	}
	return nil, nil
}

func (s *session) actuate(ctx context.Context, a actors.Action) error {
	if a.Resource == "" {
		return fmt.Errorf("%w: command %q has no steps, and such devices have no commands of their own", actors.ErrNotSent, a.Command)
	}
	to, err := s.connected(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	answer, err := to.link.call(ctx, &wire.Write{
		Session: to.number, Resource: a.Resource, Value: a.Value,
		Command: a.CommandID, Epoch: a.Epoch, Attempt: s.count(a),
	})
	s.forget(to, err)
	if nack := (*wire.Nack)(nil); errors.As(err, &nack) {
		return fmt.Errorf("%w: %w", actors.ErrRefused, nack)
	}
	if err != nil {
		return err
	}
	if _, ok := answer.(*wire.Ack); !ok {
		return unexpected(answer)
	}
	return nil
}

// Close ends the session. If ctx has ended, nothing is sent.
func (s *session) Close(ctx context.Context) error {
	s.mu.Lock()
	last := s.line
	s.line, s.closed = line{}, true
	s.mu.Unlock()
	if last.link == nil {
		return nil
	}
	defer s.driver.leave(last.link)
	if ctx.Err() != nil || last.link.failure() != nil {
		return nil // not ours to say, or there is nobody to hear it
	}
	// The answer says that the device is free: its next owner need not wait for it.
	if _, err := last.link.call(ctx, &wire.Close{Session: last.number}); err != nil {
		return fmt.Errorf("close %s: %w", s.device, err)
	}
	return nil
}

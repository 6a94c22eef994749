package modbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

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
	names []string
	spans []span
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
	samples := make([]actors.Sample, 0, len(resources))
	for i := 0; i < len(todo); i++ {
		got, again, err := s.read(ctx, &todo[i], samples)
		if err != nil {
			if len(samples) == 0 || ctx.Err() != nil {
				return nil, err
			}
			got = bad(todo[i].entries, samples, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE, 0)
		}
		samples, todo = got, append(todo, again...)
	}
	return samples, nil
}

// plan returns the spans of the resources. Mostly the same ones are asked for again.
func (s *session) plan(resources []string) ([]span, error) {
	if s.planned.spans != nil && slices.Equal(s.planned.names, resources) {
		return slices.Clip(s.planned.spans), nil
	}
	var together []*entry
	var alone []span
	for _, name := range resources {
		switch e := s.entries[name]; {
		case e == nil:
			return nil, roostv1.Errorf(roostv1.ErrInvalid, "the profile has no resource %q", name)
		case s.alone[e]:
			alone = append(alone, lone(e))
		default:
			together = append(together, e)
		}
	}
	s.planned = planned{names: slices.Clone(resources), spans: append(spans(together, s.at.gap, s.at.most), alone...)}
	return slices.Clip(s.planned.spans), nil
}

// read reads a span, and appends its samples. What the device does not give as one comes back as spans that are to be read
// alone.
func (s *session) read(ctx context.Context, of *span, to []actors.Sample) (samples []actors.Sample, again []span, err error) {
	response, err := s.ask(ctx, of.request())
	var exception frame.Exception
	switch {
	case err == nil:
		return decoded(of, response, to), nil, nil
	case !errors.As(err, &exception) || exception == frame.GatewayNoPath || exception == frame.GatewayTargetNoAnswers:
		return nil, nil, err
	case len(of.entries) == 1 || exception != frame.IllegalAddress && exception != frame.IllegalValue:
		return bad(of.entries, to, reasonOf(exception), uint32(exception)), nil, nil
	}
	if s.alone == nil {
		s.alone = make(map[*entry]bool)
	}
	s.planned = planned{}
	for _, e := range of.entries {
		s.alone[e] = true
		again = append(again, lone(e))
	}
	return to, again, nil
}

// decoded appends the samples of a span.
func decoded(of *span, r frame.Response, to []actors.Sample) []actors.Sample {
	at := time.Now()
	for _, e := range of.entries {
		value, reason := e.decode(of.of(e, r))
		sample := actors.Sample{Resource: e.resource.GetName(), Value: value, Reason: reason, At: at}
		if value == nil {
			sample.Quality = roostv1.Quality_QUALITY_BAD
			sample.Detail = fmt.Sprintf("what came is no %s that can be read as %s", e.encoding, e.resource.GetType().Word())
		}
		to = append(to, sample)
	}
	return to
}

// bad appends samples without values.
func bad(entries []*entry, to []actors.Sample, reason roostv1.QualityReason, code uint32) []actors.Sample {
	at := time.Now()
	for _, e := range entries {
		to = append(to, actors.Sample{
			Resource: e.resource.GetName(), Quality: roostv1.Quality_QUALITY_BAD, Reason: reason, VendorCode: code, At: at,
		})
	}
	return to
}

// reasonOf is why there is no value when the device refuses to give it.
func reasonOf(e frame.Exception) roostv1.QualityReason {
	switch e {
	case frame.IllegalFunction, frame.IllegalAddress, frame.IllegalValue:
		return roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED // there is nothing at that address
	case frame.Acknowledge, frame.ServerBusy:
		return roostv1.QualityReason_QUALITY_REASON_DEVICE_BUSY
	}
	return roostv1.QualityReason_QUALITY_REASON_SENSOR_FAULT
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
	_, err = s.ask(ctx, request)
	var exception frame.Exception
	if errors.As(err, &exception) && exception.Undone() {
		return fmt.Errorf("%w: %w", actors.ErrRefused, err)
	}
	return err
}

func (s *session) ask(ctx context.Context, r *frame.Request) (frame.Response, error) {
	return s.line.ask(ctx, query{Request: r, unit: s.at.unit, reply: s.at.reply, pause: s.at.pause, closed: &s.closed})
}

// Close ends the session. Nothing is said to the device: Modbus has no farewell.
func (s *session) Close(context.Context) error {
	if !s.closed.Swap(true) {
		s.driver.leave(s.line)
	}
	return nil
}

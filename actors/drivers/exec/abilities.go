package exec

import (
	"context"
	"errors"
	"fmt"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What a program can do shows in which of these its session is.
type (
	polled  struct{ *session }
	pushing struct{ *session }
	both    struct{ polled }
)

// greet asks the program to open the device, and returns the session as what it can do.
func (s *session) greet(ctx context.Context, at address, secrets map[string]string) (actors.Session, error) {
	resources, commands := describe(s.device.Profile)
	a, err := s.ask(ctx, &openQuestion{
		head: head{Op: opOpen}, Version: version, Device: s.device.Spec.GetId(), Settings: at.settings, Secrets: secrets,
		Resources: resources, Commands: commands,
	}, false)
	if err != nil {
		return nil, err
	}
	if err := s.outcome(a); err != nil {
		return nil, err
	}
	polls := a.Polls == nil || *a.Polls
	switch {
	case polls && a.Pushes:
		return &both{polled{s}}, nil
	case a.Pushes:
		return &pushing{s}, nil
	case polls:
		return &polled{s}, nil
	}
	return nil, s.violation(a.line, errors.New("it neither is polled nor pushes"))
}

// outcome is what an answer says, as an error.
func (s *session) outcome(a *answer) error {
	switch {
	case a.Refused != nil:
		return fmt.Errorf("%w: %s", actors.ErrRefused, s.veil.Show(*a.Refused, maxShown))
	case a.NotSent != nil:
		return fmt.Errorf("%w: %s", actors.ErrNotSent, s.veil.Show(*a.NotSent, maxShown))
	case a.Error != nil:
		return fmt.Errorf("the program says: %s", s.veil.Show(*a.Error, maxShown))
	}
	return nil
}

// Poll asks the program for the values.
func (s *polled) Poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	samples, err := s.poll(ctx, resources)
	if err != nil {
		return nil, fmt.Errorf("poll %s: %w", s.device.Spec.GetId(), err)
	}
	return samples, nil
}

func (s *polled) poll(ctx context.Context, resources []string) ([]actors.Sample, error) {
	if resources == nil {
		resources = []string{}
	}
	a, err := s.ask(ctx, &pollQuestion{head: head{Op: opPoll}, Resources: resources}, false)
	if err != nil {
		return nil, err
	}
	if err := s.outcome(a); err != nil {
		return nil, err
	}
	wanted := make(map[string]bool, len(resources))
	for _, name := range resources {
		wanted[name] = true
	}
	samples, err := s.samples(a.Values, wanted)
	if err != nil {
		s.fail(s.violation(a.line, err))
		return nil, over(s.failure())
	}
	return samples, nil
}

func (s *pushing) Push(ctx context.Context, sink actors.Sink) error { return s.push(ctx, sink) }
func (s *both) Push(ctx context.Context, sink actors.Sink) error    { return s.push(ctx, sink) }

// push hands what the program sends to the sink.
func (s *session) push(ctx context.Context, sink actors.Sink) error {
	for {
		select {
		case samples := <-s.pushes:
			_ = sink.Emit(samples...) // what is not taken is declared in the stream
		case <-ctx.Done():
			return ctx.Err()
		case <-s.broken:
			s.pushRest(sink)
			return fmt.Errorf("push of %s: %w", s.device.Spec.GetId(), over(s.failure()))
		}
	}
}

// pushRest hands over what came before the program ended.
func (s *session) pushRest(sink actors.Sink) {
	for {
		select {
		case samples := <-s.pushes:
			_ = sink.Emit(samples...) // what is not taken is declared in the stream
		default:
			return
		}
	}
}

// Actuate asks the program to write a resource or to carry out a command.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	results, err := s.actuate(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", named(a), s.device.Spec.GetId(), err)
	}
	return results, nil
}

func named(a actors.Action) string {
	if a.Resource != "" {
		return "write " + a.Resource
	}
	return "command " + a.Command
}

func (s *session) actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	q, err := s.action(a)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	answered, err := s.ask(ctx, q, true)
	if err != nil {
		return nil, err
	}
	if err := s.outcome(answered); err != nil {
		return nil, err
	}
	results, err := s.results(answered.Values)
	if err != nil { // it was done all the same
		s.fail(s.violation(answered.line, err))
	}
	return results, nil
}

// action returns the question that asks for an action.
func (s *session) action(a actors.Action) (question, error) {
	if a.Resource != "" {
		if !s.device.Profile.Resource(a.Resource).Writable() {
			return nil, fmt.Errorf("there is no resource %q to write", a.Resource)
		}
		return &writeQuestion{
			head: head{Op: opWrite}, Resource: a.Resource, Value: outgoing(a.Value), CommandID: a.CommandID, Epoch: a.Epoch,
		}, nil
	}
	if s.device.Profile.Command(a.Command) == nil {
		return nil, fmt.Errorf("there is no command %q", a.Command)
	}
	arguments := make(map[string]any, len(a.Arguments))
	for name, v := range a.Arguments {
		arguments[name] = outgoing(v)
	}
	return &commandQuestion{
		head: head{Op: opCommand}, Command: a.Command, Arguments: arguments, CommandID: a.CommandID, Epoch: a.Epoch,
	}, nil
}

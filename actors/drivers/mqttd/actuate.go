package mqttd

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Actuate publishes what is to be done.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	what := "write " + a.Resource
	if a.Resource == "" {
		what = "command " + a.Command
	}
	if err := s.actuate(ctx, a); err != nil {
		return nil, fmt.Errorf("%s of %s: %w", what, s.device, err)
	}
	return nil, nil
}

func (s *session) actuate(ctx context.Context, a actors.Action) error {
	topic, text, err := s.message(a)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	k := s.current()
	if k == nil {
		return fmt.Errorf("%w: client %q is not connected", actors.ErrNotSent, s.at.client)
	}
	return k.publish(ctx, topic, text)
}

// message returns what is published for an action.
func (s *session) message(a actors.Action) (topic string, text []byte, err error) {
	if a.Resource == "" {
		c := s.commands[a.Command]
		if c == nil {
			return "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no command %q", a.Command)
		}
		text, err = c.template.Fill(a.Arguments)
		return c.topic, text, err
	}
	e := s.writable(a.Resource)
	if e == nil {
		return "", nil, roostv1.Errorf(roostv1.ErrInvalid, "there is no resource %q to write", a.Resource)
	}
	text, err = e.codec.Write(a.Value)
	return e.write, text, err
}

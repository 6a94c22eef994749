package mqttd

import (
	"context"
	"fmt"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Actuate publishes what is to be done.
func (s *session) Actuate(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	what, act := "write "+a.Resource, s.write
	if a.Resource == "" {
		what, act = "command "+a.Command, s.command
	}
	results, err := act(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", what, s.device, err)
	}
	return results, nil
}

func (s *session) write(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	e := s.writable(a.Resource)
	if e == nil {
		return nil, fmt.Errorf("%w: there is no resource %q to write", actors.ErrNotSent, a.Resource)
	}
	text, err := e.codec.Write(a.Value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	k, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	return nil, k.publish(ctx, e.write, text, packets.Properties{})
}

func (s *session) command(ctx context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	c := s.commands[a.Command]
	if c == nil {
		return nil, fmt.Errorf("%w: there is no command %q", actors.ErrNotSent, a.Command)
	}
	text, err := c.template.Fill(a.Arguments)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	k, err := s.connected(ctx)
	if err != nil {
		return nil, err
	}
	return c.perform(ctx, k, text)
}

// connected returns the connection on which something is to be sent.
func (s *session) connected(ctx context.Context) (*link, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, context.Cause(ctx))
	}
	k := s.current()
	if k == nil {
		return nil, fmt.Errorf("%w: client %q is not connected", actors.ErrNotSent, s.at.client)
	}
	return k, nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// askTimeout bounds the wait for a gateway's answer about itself.
const askTimeout = 2 * time.Second

// Client uses a fleet from outside: it looks at devices and gateways, changes the registry, sends
// commands and reads readings. It needs nothing but a connection to the hub.
//
// All methods may be called concurrently. An id is checked before it is used. Errors match
// the codes of roostv1: ErrUnavailable if the hub or the gateway asked cannot be reached.
type Client struct {
	link     Link
	data     *nats.Conn // for streams
	talk     *nats.Conn // for all else
	names    Subjects
	registry *Registry
}

// NewClient returns a client of a fleet over one connection, as a hub without users has it. The error is
// ErrInvalid: the fleet's name is none.
func NewClient(nc *nats.Conn, fleet string) (*Client, error) {
	return NewClientOver(Link{Data: nc}, fleet)
}

// NewClientOver returns a client of a fleet. The error is ErrInvalid: the fleet's name is none.
func NewClientOver(link Link, fleet string) (*Client, error) {
	if link.Data == nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "the client has no connection")
	}
	names, err := SubjectsOf(fleet)
	if err != nil {
		return nil, err
	}
	return &Client{link: link, data: link.Data, talk: link.talk(), names: names, registry: NewRegistry(link.Data, names)}, nil
}

// Apply makes the registry hold the fleet's profiles and devices; see Registry.Apply.
func (c *Client) Apply(ctx context.Context, fleet *roostv1.Fleet) (Applied, error) {
	if err := c.link.mayWrite("change the registry"); err != nil {
		return Applied{}, err
	}
	return c.registry.Apply(ctx, fleet)
}

// Retire takes a device out of service. It is kept for the record, and its id can be added anew.
func (c *Client) Retire(ctx context.Context, device string) error {
	return c.setAdminState(ctx, device, roostv1.AdminState_ADMIN_STATE_RETIRED)
}

// Lock has every command to a device rejected; it is still sampled.
func (c *Client) Lock(ctx context.Context, device string) error {
	return c.setAdminState(ctx, device, roostv1.AdminState_ADMIN_STATE_LOCKED)
}

// Unlock ends a Lock.
func (c *Client) Unlock(ctx context.Context, device string) error {
	return c.setAdminState(ctx, device, roostv1.AdminState_ADMIN_STATE_ENABLED)
}

func (c *Client) setAdminState(ctx context.Context, device string, state roostv1.AdminState) error {
	if err := c.link.mayWrite("change device " + device); err != nil {
		return err
	}
	_, err := c.registry.SetAdminState(ctx, device, state)
	return err
}

// Send has a command accepted and waits for its outcome, at most for wait (0: 5 s), and then returns the
// present record. A command without an id gets one, in a copy; the id is in the record. Sending
// the same command again, with its id, is safe.
//
// ErrOutcomeUnknown means that the command may have been accepted: sending it again, or asking by its id,
// tells. ErrExhausted is either that the hub has no room for it, or that it was accepted, and its record is larger than
// what the hub carries at once; asking tells here too. ErrConflict: its id is that of another command. Any other error
// means that it was not accepted.
func (c *Client) Send(ctx context.Context, command *roostv1.Command, wait time.Duration) (*roostv1.CommandRecord, error) {
	if wait == 0 {
		wait = defaultWait
	}
	if err := roostv1.ValidateCommand(command); err != nil {
		return nil, err
	}
	if err := checkWait(wait); err != nil {
		return nil, err
	}
	if err := c.link.maySend("send commands"); err != nil {
		return nil, err
	}
	if command.Id == "" {
		command = proto.CloneOf(command)
		command.Id = newCommandID()
	}
	response, err := c.askOften(ctx, c.link.api(c.names.Send()), wait, func(left time.Duration) proto.Message {
		return &roostv1.SendRequest{Command: command, Wait: durationpb.New(left)}
	})
	if errors.Is(err, roostv1.ErrOutcomeUnknown) && ctx.Err() == nil {
		if record := c.recorded(ctx, command); record != nil {
			return record, nil
		}
	}
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "no gateway of fleet %s is there to take the command", c.names.Fleet())
	case errors.Is(err, roostv1.ErrOutcomeUnknown):
		return nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s may have been accepted: %v", command.Id, err)
	case err != nil:
		return nil, err
	}
	return response.Record, nil
}

// Release ends the quarantine of a device, at the gateway that serves it.
func (c *Client) Release(ctx context.Context, device string) error {
	if err := roostv1.CheckID("device id", device); err != nil {
		return err
	}
	if err := c.link.mayWrite("release device " + device); err != nil {
		return err
	}
	_, owner, err := c.lookUp(ctx, device)
	if err != nil {
		return err
	}
	if owner.Gateway == "" {
		return roostv1.Errorf(roostv1.ErrUnavailable, "no gateway serves device %s at present", device)
	}
	var response roostv1.ReleaseResponse
	err = c.ask(ctx, c.names.GatewayRelease(owner.Gateway), askTimeout, &roostv1.ReleaseRequest{DeviceId: device}, &response)
	if errors.Is(err, nats.ErrNoResponders) {
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s, which owns device %s, is not there", owner.Gateway, device)
	}
	if err != nil {
		return fmt.Errorf("release device %s: %w", device, err)
	}
	return response.Status.Err()
}

// replyStatus is the error of an answer that has nothing else.
func replyStatus(s *roostv1.Status) error {
	if err := s.Err(); err != nil {
		return err
	}
	return roostv1.Errorf(roostv1.ErrInternal, "the gateway answered nothing")
}

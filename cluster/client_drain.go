package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Drain has a gateway hand over all that it owns and take nothing new, until its process ends. It returns
// when the gateway has agreed; Remaining tells how far it is. The error is ErrNotFound if no
// such gateway ever joined, and ErrUnavailable if it does not answer.
func (c *Client) Drain(ctx context.Context, gateway string) error {
	if err := roostv1.CheckID("gateway id", gateway); err != nil {
		return err
	}
	if err := c.link.mayWrite("drain gateway " + gateway); err != nil {
		return err
	}
	member := &roostv1.Member{}
	found, err := c.get(ctx, c.names.Member(gateway), member)
	if err != nil {
		return err
	}
	if !found {
		return roostv1.Errorf(roostv1.ErrNotFound, "there is no gateway %s", gateway)
	}
	var response roostv1.DrainResponse
	err = c.ask(ctx, c.names.GatewayDrain(gateway), askTimeout, &roostv1.DrainRequest{}, &response)
	switch {
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, roostv1.ErrOutcomeUnknown):
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s %s", gateway, absence(member))
	case err != nil:
		return fmt.Errorf("drain gateway %s: %w", gateway, err)
	}
	return response.Status.Err()
}

// absence says why a gateway does not answer, as far as its record tells.
func absence(m *roostv1.Member) string {
	switch m.State {
	case roostv1.MemberState_MEMBER_STATE_LEFT:
		return "has left"
	case roostv1.MemberState_MEMBER_STATE_EVICTED:
		return "was evicted by " + m.EvictedBy
	default:
		return "does not answer"
	}
}

// Remaining is what a gateway owns.
type Remaining struct {
	Buses []string // in order
	// Stranded are those of the buses that no other gateway could own at present.
	Stranded []string
}

// Remaining returns what a gateway owns according to the hub, whether it answers or not.
func (c *Client) Remaining(ctx context.Context, gateway string) (Remaining, error) {
	if err := roostv1.CheckID("gateway id", gateway); err != nil {
		return Remaining{}, err
	}
	picture, err := listControl(ctx, c.data, c.names, c.names.Device("*"), c.names.Member("*"), c.names.Owner("*"))
	if err != nil {
		return Remaining{}, err
	}
	others := newField("", lease.Terms{})
	for _, m := range picture.Members() {
		others.update(0, m.GatewayId, picture.sight(m.GatewayId))
	}
	others.leave(gateway)
	others.make(0)
	var r Remaining
	for _, bus := range slices.Sorted(slices.Values(picture.BusIDs())) {
		owner, demand := picture.Demand(bus)
		if owner.Gateway != gateway {
			continue
		}
		r.Buses = append(r.Buses, bus)
		if others.free.meeting(demand).Size() == 0 {
			r.Stranded = append(r.Stranded, bus)
		}
	}
	return r, nil
}

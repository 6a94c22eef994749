package cluster

import (
	"cmp"
	"context"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Buses returns the buses of the fleet that have devices which were not retired, in the order of their ids: what the gateway says
// that serves one. One that no gateway serves, or only a gateway of an earlier version that cannot tell, has no more than its
// id and the number of its devices.
func (c *Client) Buses(ctx context.Context) ([]*roostv1.BusStatus, error) {
	picture, err := listControl(ctx, c.data, c.names, c.names.Device("*"), c.names.Member("*"))
	if err != nil {
		return nil, err
	}
	buses := make(map[string]*roostv1.BusStatus)
	for spec := range picture.eachDevice() {
		if adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED {
			continue
		}
		bus := buses[spec.BusID()]
		if bus == nil {
			bus = &roostv1.BusStatus{Bus: spec.BusID()}
			buses[bus.Bus] = bus
		}
		bus.Devices++
	}
	for _, answer := range c.askAll(ctx, picture, c.busesOf) {
		for _, b := range answer.buses {
			// While a bus changes hands, two may answer: the later owner counts.
			if before := buses[b.Bus]; before != nil && before.Epoch < b.Epoch {
				buses[b.Bus] = b
			}
		}
	}
	all := make([]*roostv1.BusStatus, 0, len(buses))
	for _, bus := range buses {
		all = append(all, bus)
	}
	slices.SortFunc(all, func(a, b *roostv1.BusStatus) int { return cmp.Compare(a.Bus, b.Bus) })
	return all, nil
}

// busesOf pages through the buses that a gateway serves.
func (c *Client) busesOf(ctx context.Context, gateway string) (gatewayAnswer, error) {
	var answer gatewayAnswer
	after := ""
	for {
		var response roostv1.StatusResponse
		request := &roostv1.StatusRequest{Buses: true, After: after}
		if err := c.ask(ctx, c.names.GatewayStatus(gateway), askTimeout, request, &response); err != nil {
			return answer, err
		}
		answer.buses = append(answer.buses, response.Buses...)
		if !response.More || len(response.Buses) == 0 {
			return answer, response.Status.Err()
		}
		after = response.Buses[len(response.Buses)-1].Bus
	}
}

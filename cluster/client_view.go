package cluster

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// askAtOnce bounds the gateways that are asked at one time.
const askAtOnce = 16

// DeviceView is all that is known of a device.
type DeviceView struct {
	Spec    *roostv1.DeviceSpec
	Profile *roostv1.Profile // nil if it is missing
	Status  *roostv1.DeviceStatus
}

// GatewayView is all that is known of a gateway.
type GatewayView struct {
	Status *roostv1.GatewayStatus
	// Answers tells that the gateway was asked and answered; else its status is what the
	// hub has on record.
	Answers bool
}

// Devices returns the status of every device of the fleet that was not retired, in the order of
// their ids: what the gateway says that serves it, else UNPLACED. Their resources are left out.
func (c *Client) Devices(ctx context.Context) ([]*roostv1.DeviceStatus, error) {
	picture, err := listControl(ctx, c.data, c.names, c.names.Device("*"), c.names.Member("*"))
	if err != nil {
		return nil, err
	}
	served := make(map[string]*roostv1.DeviceStatus)
	for _, answer := range c.askAll(ctx, picture, c.servedBy) {
		for _, d := range answer.devices {
			// While a bus changes hands, two may answer: the later owner counts.
			if before := served[d.DeviceId]; before == nil || before.Epoch < d.Epoch {
				served[d.DeviceId] = d
			}
		}
	}
	var devices []*roostv1.DeviceStatus
	for spec := range picture.eachDevice() {
		if adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED {
			continue
		}
		status := served[spec.Id]
		if status == nil {
			status = unserved(spec)
		}
		devices = append(devices, status)
	}
	return devices, nil
}

// Device returns one device, also one that was retired. The error is ErrNotFound if there is none.
func (c *Client) Device(ctx context.Context, id string) (DeviceView, error) {
	if err := roostv1.CheckID("device id", id); err != nil {
		return DeviceView{}, err
	}
	spec, owner, err := c.lookUp(ctx, id)
	if err != nil {
		return DeviceView{}, err
	}
	view := DeviceView{Spec: spec, Status: unserved(spec)}
	if view.Profile, err = c.profile(ctx, spec.Profile); err != nil {
		return DeviceView{}, err
	}
	if owner.Gateway == "" {
		return view, nil
	}
	var response roostv1.StatusResponse
	request := &roostv1.StatusRequest{DeviceId: id}
	err = c.ask(ctx, c.names.GatewayStatus(owner.Gateway), askTimeout, request, &response)
	if err == nil && len(response.Devices) == 1 {
		view.Status = response.Devices[0]
	}
	if err != nil && ctx.Err() != nil {
		return DeviceView{}, err
	}
	return view, nil // an owner that does not answer serves nothing
}

// Gateways returns all gateways that ever joined the fleet, in the order of their ids.
func (c *Client) Gateways(ctx context.Context) ([]GatewayView, error) {
	picture, err := listControl(ctx, c.data, c.names, c.names.Member("*"))
	if err != nil {
		return nil, err
	}
	answers := c.askAll(ctx, picture, c.stateOf)
	var views []GatewayView
	for _, m := range picture.Members() {
		view := GatewayView{Status: memberStatus(m)}
		if answer, ok := answers[m.GatewayId]; ok && answer.gateway != nil {
			view = GatewayView{Status: answer.gateway, Answers: true}
		}
		views = append(views, view)
	}
	return views, nil
}

// unserved is the status of a device that no gateway serves.
func unserved(spec *roostv1.DeviceSpec) *roostv1.DeviceStatus {
	status := &roostv1.DeviceStatus{
		DeviceId: spec.Id, State: roostv1.DeviceState_DEVICE_STATE_UNPLACED,
		Bus: spec.BusID(), Profile: spec.Profile, Driver: spec.Driver,
		AdminState: adminState(spec), Labels: spec.Labels,
	}
	if adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED {
		status.State = roostv1.DeviceState_DEVICE_STATE_RETIRED
	}
	return status
}

// gatewayAnswer is what a gateway said of itself.
type gatewayAnswer struct {
	gateway *roostv1.GatewayStatus
	devices []*roostv1.DeviceStatus
	buses   []*roostv1.BusStatus
}

// askAll asks every live gateway, several at a time, and returns the answers of those that
// gave one, by their ids.
func (c *Client) askAll(ctx context.Context, picture *Picture, question func(context.Context, string) (gatewayAnswer, error)) map[string]gatewayAnswer {
	var mu sync.Mutex
	answers := make(map[string]gatewayAnswer)
	var asking errgroup.Group
	asking.SetLimit(askAtOnce)
	for _, m := range picture.Members() {
		if m.State != roostv1.MemberState_MEMBER_STATE_LIVE && m.State != roostv1.MemberState_MEMBER_STATE_DRAINING {
			continue
		}
		asking.Go(func() error {
			answer, err := question(ctx, m.GatewayId)
			if err != nil && len(answer.devices)+len(answer.buses) == 0 {
				return nil // it is not there; what it had is unplaced
			}
			mu.Lock()
			defer mu.Unlock()
			answers[m.GatewayId] = answer
			return nil
		})
	}
	_ = asking.Wait() // a gateway that does not answer is left out
	return answers
}

// servedBy pages through what a gateway serves.
func (c *Client) servedBy(ctx context.Context, gateway string) (gatewayAnswer, error) {
	var answer gatewayAnswer
	after := ""
	for {
		var response roostv1.StatusResponse
		request := &roostv1.StatusRequest{After: after}
		if err := c.ask(ctx, c.names.GatewayStatus(gateway), askTimeout, request, &response); err != nil {
			return answer, err
		}
		answer.gateway = response.Gateway
		answer.devices = append(answer.devices, response.Devices...)
		if !response.More || len(response.Devices) == 0 {
			return answer, response.Status.Err()
		}
		after = response.Devices[len(response.Devices)-1].DeviceId
	}
}

func (c *Client) stateOf(ctx context.Context, gateway string) (gatewayAnswer, error) {
	var response roostv1.StatusResponse
	err := c.ask(ctx, c.names.GatewayStatus(gateway), askTimeout, &roostv1.StatusRequest{Limit: 1}, &response)
	return gatewayAnswer{gateway: response.Gateway}, err
}

// lookUp reads a device and the owner of its bus.
func (c *Client) lookUp(ctx context.Context, device string) (*roostv1.DeviceSpec, *roostv1.Ownership, error) {
	spec, own := &roostv1.DeviceSpec{}, &roostv1.Ownership{}
	found, err := c.get(ctx, c.names.Device(device), spec)
	if err != nil {
		return nil, nil, err
	}
	if !found {
		return nil, nil, roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", device)
	}
	if err := roostv1.CheckID("bus id", spec.BusID()); err != nil {
		return nil, nil, err
	}
	if _, err := c.get(ctx, c.names.Owner(spec.BusID()), own); err != nil {
		return nil, nil, err
	}
	if own.Gateway != "" && roostv1.CheckID("gateway id", own.Gateway) != nil {
		own.Reset()
	}
	return spec, own, nil
}

func (c *Client) profile(ctx context.Context, id string) (*roostv1.Profile, error) {
	if roostv1.CheckID("profile id", id) != nil {
		return nil, nil
	}
	profile := &roostv1.Profile{}
	found, err := c.get(ctx, c.names.Profile(id), profile)
	if err != nil || !found {
		return nil, err
	}
	return profile, nil
}

// get reads a record; false if there is none.
func (c *Client) get(ctx context.Context, subject string, m proto.Message) (bool, error) {
	out, err := newCASWriter(c.data, c.names)
	if err != nil {
		return false, err
	}
	defer out.close()
	sequence, data, err := out.read(ctx, subject)
	if err != nil || sequence == 0 {
		return false, err
	}
	return true, readRecord(data, m)
}

package cluster

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// SubmitLocal has a command accepted while the hub is away, for a device that only this gateway can reach: it is
// stored here before anything is done about it, and its record goes to the hub when that is back. It answers as
// [Gateway.Submit] does. The same id and body again is the same command, here and later at the hub; what the
// hub alone knows of an id, nobody here does.
//
// ErrUnavailable also says that the hub is there, that others can reach the device too, or that it is not served here.
func (g *Gateway) SubmitLocal(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error)) {
	if wait == 0 {
		wait = defaultWait
	}
	err := g.localClosed()
	if err == nil {
		err = roostv1.ValidateCommand(c)
	}
	if err == nil {
		err = checkWait(wait)
	}
	if err != nil {
		answer(nil, err)
		return
	}
	if c.Id == "" {
		c = proto.CloneOf(c)
		c.Id = newCommandID()
	}
	w, err := g.waits.add(commandKey(c.DeviceId, c.Id), wait, answer)
	if err != nil {
		answer(nil, err)
		return
	}
	g.waits.endWith(ctx, w)
	g.acceptLocal(&submission{submitter: g.submitter, command: c, wait: w})
}

// localClosed returns why no command is taken here without the hub; nil if they are.
func (g *Gateway) localClosed() error {
	if g.config.Edge == nil {
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s has no folder to store commands in while the hub is away", g.config.ID)
	}
	if _, away := g.HubAway(); !away {
		return roostv1.Errorf(roostv1.ErrUnavailable, "the hub is there: send the command the usual way")
	}
	return nil
}

// acceptLocal stores the command, unless it is known already, or is to be refused.
func (g *Gateway) acceptLocal(s *submission) {
	edge, c := g.config.Edge, s.command
	if known := g.picture.Command(c.DeviceId, c.Id); known != nil {
		s.known(known) // the hub has it: it is carried out when that is back
		return
	}
	record, err := g.localAcceptance(s)
	if known := edge.find(s.wait.key); err != nil && known == nil {
		g.waits.fail(s.wait, nil, err)
		return
	} else if known != nil {
		record = known
	}
	edge.accept(record, func(known *roostv1.CommandRecord, err error) {
		switch {
		case err != nil:
			g.waits.fail(s.wait, nil, err)
		case known != nil:
			s.known(known)
		default:
			g.waits.is(s.wait, record)
			g.desk.handLocal(c.DeviceId)
		}
	})
}

// localAcceptance returns the record by which a command is accepted here, or why it is not.
func (g *Gateway) localAcceptance(s *submission) (*roostv1.CommandRecord, error) {
	spec, err := s.device()
	if spec == nil && !g.picture.has(0) { // it has the devices that only it can reach
		return nil, roostv1.Errorf(roostv1.ErrUnavailable,
			"the hub is away, and gateway %s has stored nothing of a device %s that only it can reach", g.config.ID, s.command.DeviceId)
	}
	if err != nil {
		return nil, err
	}
	bus := spec.BusID()
	if !spec.Attached() || !g.picture.attachedTo(bus, g.config.ID, g.config.Labels) {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable,
			"the hub is away, and gateway %s is not the only one that can reach device %s: send the command when the hub is back", g.config.ID, spec.Id)
	}
	epoch, served := g.desk.servedUnder(spec.Id)
	now, _, known := g.service.NowUnder(bus, epoch)
	if !served || !known {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not serve device %s at present", g.config.ID, spec.Id)
	}
	limit := spec.GetCommands().Resolve().QueueLimit
	if g.config.Edge.count(spec.Id)+g.picture.OpenCount(spec.Id) >= limit {
		return nil, roostv1.Errorf(roostv1.ErrBusy, "%d commands for device %s wait already", limit, spec.Id)
	}
	r := &roostv1.CommandRecord{
		CommandId: s.command.Id, DeviceId: spec.Id, Command: s.command, Bus: bus, Nonce: newNonce(),
		AcceptedAt: timestamppb.New(now), Order: g.picture.Passed(), LocalGateway: g.config.ID,
	}
	return r, r.Enter(roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_ACCEPTED, At: now, Gateway: g.config.ID, Epoch: epoch})
}

// submitHere is how this gateway's own actors have commands accepted: without the hub where that is away and the
// device is this gateway's alone.
func (g *Gateway) submitHere(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error)) {
	if spec := g.picture.Device(c.GetDeviceId()); spec.Attached() && g.localClosed() == nil {
		g.SubmitLocal(ctx, c, wait, answer)
		return
	}
	g.submitter.submit(ctx, nil, c, wait, nil, answer)
}

package cluster

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	defaultWait = 5 * time.Second
	maxWait     = 5 * time.Minute
	// catchUpTimeout bounds the wait for the picture.
	catchUpTimeout = time.Second
)

// send carries out a command wherever its device is served.
func (in *ingress) send(ctx context.Context, x *exchange) {
	c, wait, err := in.readCommand(x)
	if err != nil {
		x.refuse(err)
		return
	}
	owner, err := in.ownerOf(c.DeviceId)
	if err != nil && in.catchUp(ctx) {
		owner, err = in.ownerOf(c.DeviceId)
	}
	switch {
	case err != nil:
		x.refuse(err)
	case owner == in.id:
		in.execute(ctx, x, c, wait)
	default:
		in.relay(ctx, x, c, wait, owner)
	}
}

// sendHere carries out a command that another gateway passed on to the owner.
func (in *ingress) sendHere(ctx context.Context, x *exchange) {
	c, wait, err := in.readCommand(x)
	if err != nil {
		x.refuse(err)
		return
	}
	in.execute(ctx, x, c, wait)
}

// readCommand reads a request to send. A command without an id gets a new one.
func (in *ingress) readCommand(x *exchange) (*roostv1.Command, time.Duration, error) {
	var request roostv1.SendRequest
	if err := x.read(&request); err != nil {
		return nil, 0, err
	}
	c := request.Command
	if err := roostv1.ValidateCommand(c); err != nil {
		return nil, 0, err
	}
	wait, err := readWait(request.Wait)
	if err != nil {
		return nil, 0, err
	}
	if c.Id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, 0, roostv1.Errorf(roostv1.ErrInternal, "make an id for the command: %v", err)
		}
		c.Id = id.String()
	}
	return c, wait, nil
}

func readWait(d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return defaultWait, nil
	}
	if err := d.CheckValid(); err != nil {
		return 0, roostv1.Errorf(roostv1.ErrInvalid, "wait: %v", err)
	}
	if wait := d.AsDuration(); wait < 0 || wait > maxWait {
		return 0, roostv1.Errorf(roostv1.ErrInvalid, "wait: %v is not between 0 and %v", wait, maxWait)
	}
	return d.AsDuration(), nil
}

// ownerOf returns the gateway that serves a device, as far as the picture tells.
func (in *ingress) ownerOf(device string) (string, error) {
	spec := in.picture.Device(device)
	switch {
	case spec == nil:
		return "", roostv1.Errorf(roostv1.ErrNotFound, "there is no device %s", device)
	case adminState(spec) == roostv1.AdminState_ADMIN_STATE_RETIRED:
		return "", roostv1.Errorf(roostv1.ErrNotFound, "device %s was retired", device)
	}
	owner := in.picture.Owner(spec.BusID()).Gateway
	if owner == "" {
		return "", roostv1.Errorf(roostv1.ErrUnavailable, "no gateway serves device %s at present", device)
	}
	return owner, nil
}

// catchUp brings the picture up to now: what it does not have may have been written a
// moment ago. It returns false if it cannot.
func (in *ingress) catchUp(ctx context.Context) bool {
	ctx, unlink := whileConnected(ctx, in.nc)
	defer unlink()
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	js, err := jetstream.New(in.nc)
	if err != nil {
		return false
	}
	stream, err := js.Stream(ctx, in.names.ControlStream())
	return err == nil && in.picture.Wait(ctx, stream.CachedInfo().State.LastSeq) == nil
}

// execute has the Host carry out a command, and answers when that has ended or the caller's wait
// has; then with the present record. Should the Host not even tell that, the caller is told
// that the outcome is not known.
func (in *ingress) execute(ctx context.Context, x *exchange, c *roostv1.Command, wait time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	late := time.AfterFunc(wait+answerGrace, func() {
		x.answer(&roostv1.SendResponse{Record: in.unknown(c, "the gateway did not say in time what became of it")}, shrinkSend)
	})
	defer late.Stop()
	record, err := in.host.Execute(ctx, c)
	switch {
	case record != nil:
		x.answer(&roostv1.SendResponse{Record: record}, shrinkSend)
	case err != nil:
		x.refuse(err)
	default:
		x.refuse(roostv1.Errorf(roostv1.ErrInternal, "gateway %s has no record of command %s", in.id, c.Id))
	}
}

// relay passes a command on to the gateway that serves its device, and its answer back.
func (in *ingress) relay(ctx context.Context, x *exchange, c *roostv1.Command, wait time.Duration, owner string) {
	ctx, cancel := context.WithTimeout(ctx, wait+2*answerGrace)
	defer cancel()
	data, err := roostv1.Marshal(&roostv1.SendRequest{Command: c, Wait: durationpb.New(wait)}, false)
	if err != nil {
		x.refuse(err)
		return
	}
	reply, err := in.nc.RequestWithContext(ctx, in.names.GatewaySend(owner), data)
	switch {
	case unsent(err):
		x.refuse(roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s, which serves device %s, cannot be reached", owner, c.DeviceId))
		return
	case err != nil:
		x.answer(&roostv1.SendResponse{Record: in.unknown(c, "gateway "+owner+" did not answer in time")}, shrinkSend)
		return
	}
	var response roostv1.SendResponse
	if _, err := roostv1.Unmarshal(reply.Data, &response); err != nil {
		x.answer(&roostv1.SendResponse{Record: in.unknown(c, "the answer of gateway "+owner+" cannot be read")}, shrinkSend)
		return
	}
	if response.Record == nil {
		x.refuse(response.Status)
		return
	}
	x.answer(&response, shrinkSend)
}

// unknown is the record of a command of which nobody here can say whether it was carried out.
func (in *ingress) unknown(c *roostv1.Command, why string) *roostv1.CommandRecord {
	return &roostv1.CommandRecord{
		CommandId: c.Id, DeviceId: c.DeviceId, Command: c,
		State:   roostv1.CommandState_COMMAND_STATE_UNKNOWN,
		Effect:  roostv1.Effect_EFFECT_UNKNOWN,
		Status:  roostv1.Errorf(roostv1.ErrOutcomeUnknown, "command %s: %s", c.Id, why),
		Gateway: in.id,
	}
}

// shrinkSend leaves out of a record what the caller knows, and then what is not its outcome.
func shrinkSend(m proto.Message) bool {
	response := m.(*roostv1.SendResponse)
	response.Record = proto.CloneOf(response.Record) // it is the Host's
	switch record := response.Record; {
	case record.Command != nil:
		record.Command = nil
	case record.Transitions != nil || record.Evidence != nil:
		record.Transitions, record.Evidence = nil, nil
	case record.Results != nil || record.Steps != nil:
		record.Results, record.Steps = nil, nil
	default:
		return false
	}
	return true
}

package cluster

import (
	"context"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// catchUpTimeout bounds the wait for the picture.
const catchUpTimeout = 750 * time.Millisecond

// send has a command accepted, whatever gateway serves its device, and waits for its end.
func (in *ingress) send(_ context.Context, x *exchange) {
	var request roostv1.SendRequest
	err := x.read(&request)
	wait := defaultWait
	if err == nil {
		wait, err = readWait(request.Wait, defaultWait)
	}
	if err != nil {
		x.refuse(err)
		return
	}
	in.submitter.submit(context.Background(), x.by, request.Command, max(wait, 1), in.closed(), answerWith(x))
}

// closed returns why this gateway accepts nothing new, or nil. A request does not say when it was made: to a gateway that
// was stopped for long, and goes on, it may come when what became of it is forgotten, and would be carried out anew.
// Such a gateway has no lease.
func (in *ingress) closed() error {
	if in.fence.Open() {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s has no lease at present", in.id)
}

// answerWith answers a request with what becomes of a command.
func answerWith(x *exchange) func(*roostv1.CommandRecord, error) {
	return func(record *roostv1.CommandRecord, err error) {
		if record == nil {
			x.refuse(err)
			return
		}
		response := &roostv1.SendResponse{Record: record}
		if err != nil {
			response.Status = roostv1.StatusOf(err)
		}
		x.answer(response, shrinkSend)
	}
}

// command answers what became of a command, and waits for its end if that is wanted.
func (in *ingress) command(_ context.Context, x *exchange) {
	var request roostv1.CommandRequest
	err := x.read(&request)
	if err == nil {
		err = checkCommandKey(commandKey(request.DeviceId, request.CommandId))
	}
	var wait time.Duration
	if err == nil {
		wait, err = readWait(request.Wait, 0)
	}
	if err != nil {
		x.refuse(err)
		return
	}
	in.finder.find(request.DeviceId, request.CommandId, max(wait, 1), answerWith(x))
}

// cancel has a command cancelled, if it was not dispatched before, and waits for its end.
func (in *ingress) cancel(_ context.Context, x *exchange) {
	var request roostv1.CancelRequest
	err := x.read(&request)
	if err == nil {
		err = checkCommandKey(commandKey(request.DeviceId, request.CommandId))
	}
	wait := defaultWait
	if err == nil {
		wait, err = readWait(request.Wait, defaultWait)
	}
	if err != nil {
		x.refuse(err)
		return
	}
	in.canceller.cancel(&roostv1.Cancellation{
		CommandId: request.CommandId, DeviceId: request.DeviceId, Sender: request.Sender, Reason: request.Reason, SubmittedBy: x.by,
	}, max(wait, 1), answerWith(x))
}

// readWait reads how long a caller wants to wait.
func readWait(d *durationpb.Duration, unset time.Duration) (time.Duration, error) {
	if d == nil {
		return unset, nil
	}
	if err := d.CheckValid(); err != nil {
		return 0, roostv1.Errorf(roostv1.ErrInvalid, "wait: %v", err)
	}
	return d.AsDuration(), checkWait(d.AsDuration())
}

// shrinkSend leaves out of a record what the caller knows, and then what is not its outcome.
func shrinkSend(m proto.Message) bool {
	response := m.(*roostv1.SendResponse)
	response.Record = proto.CloneOf(response.Record) // it is shared
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

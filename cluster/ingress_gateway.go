package cluster

import (
	"context"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// drainGateway has the gateway hand over all that it owns and take nothing new. It answers before
// that is done; the status tells how far it is.
func (in *ingress) drainGateway(ctx context.Context, x *exchange) {
	var request roostv1.DrainRequest
	if err := x.read(&request); err != nil {
		x.refuse(err)
		return
	}
	in.keeper.drain(ctx)
	x.answer(&roostv1.DrainResponse{Status: roostv1.StatusOf(nil), Gateway: in.status.now()}, nil)
}

// tellHistory answers what the gateway remembers of a device and its bus.
func (in *ingress) tellHistory(_ context.Context, x *exchange) {
	var request roostv1.HistoryRequest
	err := x.read(&request)
	if err == nil {
		err = roostv1.CheckID("device id", request.DeviceId)
	}
	if err == nil {
		err = roostv1.CheckID("bus id", request.Bus)
	}
	if err != nil {
		x.refuse(err)
		return
	}
	x.answer(&roostv1.HistoryResponse{
		Takeovers: in.picture.Takeovers(request.Bus),
		Events:    in.recent.of(request.DeviceId, request.Bus),
	}, shrinkHistory)
}

// shrinkHistory leaves out the older half.
func shrinkHistory(m proto.Message) bool {
	h := m.(*roostv1.HistoryResponse)
	if len(h.Takeovers)+len(h.Events) < 2 {
		return false
	}
	h.Takeovers, h.Events = h.Takeovers[len(h.Takeovers)/2:], h.Events[(len(h.Events)+1)/2:]
	return true
}

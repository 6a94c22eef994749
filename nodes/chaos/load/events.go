package load

import (
	"context"
	"errors"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Events writes down what gateways say that happens, until ctx ends. It explains, and proves nothing.
func Events(ctx context.Context, fleet *cluster.Client, to *history.Writer) error {
	for e, err := range fleet.Events(ctx) {
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, roostv1.ErrInvalid):
			continue
		case err != nil:
			return err
		}
		record := &history.Event{
			Peer: history.Peer{Gateway: e.Gateway}, Device: e.DeviceId, Bus: e.Bus, Event: history.EventKind(e.Kind.Word()),
			Attempt: e.Attempt, Delay: e.NextDelay.AsDuration(), Epoch: e.Epoch, Message: e.Message,
		}
		if err := to.Write(record); err != nil {
			return err
		}
	}
	return nil
}

package cluster

import (
	"context"

	"github.com/nats-io/nats.go"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errAway says that the connection is down.
var errAway = roostv1.Errorf(roostv1.ErrUnavailable, "the hub is away")

// whileConnected returns a context that also ends when the connection is lost, with cause
// errAway: an answer that was on its way will not come then. cancel must be called.
func whileConnected(ctx context.Context, nc *nats.Conn) (_ context.Context, cancel func()) {
	linked, end := context.WithCancelCause(ctx)
	lost := nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	watched := make(chan struct{})
	go func() { // ends with the context
		defer close(watched)
		defer nc.RemoveStatusListener(lost)
		select {
		case <-lost:
			end(errAway)
		case <-linked.Done():
		}
	}()
	if !nc.IsConnected() {
		end(errAway)
	}
	return linked, func() {
		end(nil)
		<-watched
	}
}

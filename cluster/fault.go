package cluster

import (
	"context"
	"errors"
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// hubError gives errors of the client library the code of what they mean. ctx is the one
// that the failed call had.
func hubError(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), errAway):
		return errAway
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount):
		return roostv1.Errorf(roostv1.ErrUnavailable, "JetStream is not enabled at the hub")
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return roostv1.Errorf(roostv1.ErrUnavailable, "the hub has no such fleet: no gateway of it has run there yet, or its name is another")
	case errors.Is(err, nats.ErrNoResponders):
		return roostv1.Errorf(roostv1.ErrUnavailable, "nobody answers at the hub")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return roostv1.Errorf(roostv1.ErrUnavailable, "the hub did not answer in time")
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting),
		errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrDisconnected):
		return errAway
	}
	var api *jetstream.APIError
	switch {
	case !errors.As(err, &api):
		return err
	case slices.Contains(codesNoRoom, api.ErrorCode):
		return roostv1.Errorf(roostv1.ErrExhausted, "the hub has no room left: %s", api.Description)
	case api.Code >= 500:
		return roostv1.Errorf(roostv1.ErrUnavailable, "the hub cannot do it now: %s", api.Description)
	}
	return err
}

// notSent is the error for a message that the connection did not take.
func notSent(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrBadSubject):
		return roostv1.Errorf(roostv1.ErrInvalid, "%v", err)
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting):
		return errAway
	}
	return roostv1.Errorf(roostv1.ErrUnavailable, "the hub is away: %v", err)
}

// unsent reports whether a request has certainly reached nobody.
func unsent(err error) bool {
	return errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrReconnectBufExceeded) ||
		errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, nats.ErrMaxPayload)
}

// refusedWith reports whether the server refused a write with one of the codes.
func refusedWith(err error, codes ...jetstream.ErrorCode) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && slices.Contains(codes, api.ErrorCode)
}

package cluster

import (
	"context"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Events yields what happens in the fleet from the moment of the call, until ctx ends. Nothing
// keeps events: those that come while the hub is away, or faster than they are taken, are lost.
// A message that is no event is an error that is ErrInvalid; any other error is the last.
func (c *Client) Events(ctx context.Context) iter.Seq2[*roostv1.Event, error] {
	messages := make(chan *nats.Msg, maxEvents)
	err := c.subscribe(ctx, c.names.Event("*"), messages)
	return func(yield func(*roostv1.Event, error) bool) {
		if err != nil {
			yield(nil, fmt.Errorf("listen for events: %w", hubError(ctx, err)))
			return
		}
		for {
			select {
			case m := <-messages:
				if e, err := readEvent(m); !yield(e, err) {
					return
				}
			case <-ctx.Done():
				yield(nil, context.Cause(ctx))
				return
			}
		}
	}
}

// subscribe has messages come to a channel until ctx ends. When it returns, the hub knows of it.
func (c *Client) subscribe(ctx context.Context, subject string, to chan *nats.Msg) error {
	sub, err := c.talk.ChanSubscribe(subject, to)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = sub.Unsubscribe() })
	flush, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	return c.talk.FlushWithContext(flush)
}

func readEvent(m *nats.Msg) (*roostv1.Event, error) {
	e := &roostv1.Event{}
	if _, err := roostv1.Unmarshal(m.Data, e); err != nil {
		return nil, fmt.Errorf("event at %s: %w", m.Subject, err)
	}
	return e, nil
}

package mqtt

import (
	"context"
	"fmt"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// subscribe asks for all messages of some topics, and waits until the broker has agreed.
func (l *link) subscribe(ctx context.Context, filters map[string]byte) error {
	done := make(chan error, 1)
	go func() { done <- l.subscribeAll(ctx, filters) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.lost:
		return l.err
	}
}

func (l *link) subscribeAll(ctx context.Context, filters map[string]byte) error {
	tokens, err := l.request(ctx, filters)
	if err != nil {
		return err
	}
	for filter, token := range tokens {
		select {
		case <-token.Done():
		case <-l.lost:
			return l.err
		}
		if err := token.Error(); err != nil {
			return fmt.Errorf("subscribe to %s: %w", filter, err)
		}
		if got, is := token.(*paho.SubscribeToken); is && got.Result()[filter] > 2 {
			return roostv1.Errorf(roostv1.ErrPermission, "the broker refuses the subscription to %s", filter)
		}
	}
	return nil
}

// request gives subscriptions to the library, all of them or as many as are wanted yet.
func (l *link) request(ctx context.Context, filters map[string]byte) (map[string]paho.Token, error) {
	l.asking.Lock()
	defer l.asking.Unlock()
	tokens := make(map[string]paho.Token, len(filters))
	for filter, qos := range filters {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		tokens[filter] = l.client.Subscribe(filter, qos, nil)
	}
	return tokens, nil
}

// unsubscribe lets go of topics that nobody wants. It waits until that is on its way, for as long as a farewell may take; a session that
// has subscribed since keeps what it wants, however late that is.
func (l *link) unsubscribe(ctx context.Context, filters []string) {
	if len(filters) == 0 || l.isLost() {
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.asking.Lock()
		defer l.asking.Unlock()
		if filters = l.routes.unwanted(filters); len(filters) > 0 && ctx.Err() == nil && !l.isLost() {
			l.client.Unsubscribe(filters...)
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
	case <-l.lost:
	case <-time.After(farewell):
	}
}

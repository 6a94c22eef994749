package opcua

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gopcua/opcua/ua"

	"github.com/roost-iot/roost/actors"
)

// follow takes what the server publishes until ctx ends, the server says that the subscription has, or it says nothing for too long.
func (w *watch) follow(ctx context.Context) error {
	defer func() {
		for _, call := range w.calls {
			call.Forget()
		}
	}()
	heard := time.Now()
	for {
		if err := w.ask(ctx); err != nil {
			return err
		}
		published, err := w.wait(ctx, heard.Add(w.silence))
		switch {
		case errors.Is(err, ua.StatusBadTooManyPublishRequests) && w.window > 1:
			w.window = 1 // a small server
			continue
		case err != nil:
			return err
		case published.SubscriptionID != w.session.subscription:
			continue // one that a call of Push before has left
		}
		heard = time.Now()
		if err := w.take(published.NotificationMessage, heard); err != nil {
			return err
		}
	}
}

// ask sees to it that the server has requests to answer.
func (w *watch) ask(ctx context.Context) error {
	for len(w.calls) < w.window {
		acks := w.acks
		w.acks = nil
		if acks == nil {
			acks = []*ua.SubscriptionAcknowledgement{}
		}
		call, err := w.session.Start(ctx, &ua.PublishRequest{SubscriptionAcknowledgements: acks})
		if err != nil {
			return err
		}
		w.calls = append(w.calls, call)
	}
	return nil
}

// wait waits for the next message.
func (w *watch) wait(ctx context.Context, until time.Time) (*ua.PublishResponse, error) {
	ctx, cancel := context.WithDeadlineCause(ctx, until, fmt.Errorf("%w for %v", errSilent, w.silence))
	defer cancel()
	call := w.calls[0]
	w.calls = w.calls[1:]
	answer, err := call.Wait(ctx)
	if err != nil {
		return nil, err
	}
	published, ok := answer.(*ua.PublishResponse)
	if !ok {
		return nil, fmt.Errorf("the server published a %T", answer)
	}
	return published, nil
}

// take hands on what a message says. One without data says that nothing has changed.
func (w *watch) take(m *ua.NotificationMessage, now time.Time) error {
	if w.next != 0 && m.SequenceNumber != w.next {
		return fmt.Errorf("message %d came where %d was to come: values are missing", m.SequenceNumber, w.next)
	}
	w.next = m.SequenceNumber
	samples := w.refused
	w.refused = nil
	for _, data := range m.NotificationData {
		switch d := data.Value.(type) {
		case *ua.DataChangeNotification:
			samples = append(samples, w.changes(d, now)...)
		case *ua.StatusChangeNotification:
			return fmt.Errorf("the server ended the subscription: %w", d.Status)
		default:
			return fmt.Errorf("the server published a %T", data.Value)
		}
	}
	if len(m.NotificationData) > 0 {
		w.acknowledge(m.SequenceNumber)
	}
	w.emit(append(samples, w.unchanged(now)...))
	return nil
}

// acknowledge lets the server forget a message, and expects the one after it: they begin again with 1.
func (w *watch) acknowledge(sequence uint32) {
	w.acks = append(w.acks, &ua.SubscriptionAcknowledgement{SubscriptionID: w.session.subscription, SequenceNumber: sequence})
	if w.next = sequence + 1; w.next == 0 {
		w.next = 1
	}
}

func (w *watch) changes(d *ua.DataChangeNotification, now time.Time) []actors.Sample {
	samples := make([]actors.Sample, 0, len(d.MonitoredItems))
	for _, change := range d.MonitoredItems {
		n := int64(change.ClientHandle) - 1
		if n < 0 || n >= int64(len(w.items)) {
			continue
		}
		i := w.items[n]
		i.last, i.emitted = i.sample(change.Value), now
		i.last.At = now
		samples = append(samples, i.last)
	}
	return samples
}

// unchanged returns the values that have to be sent again: the server has just said that they are what they were.
func (w *watch) unchanged(now time.Time) []actors.Sample {
	var samples []actors.Sample
	for _, i := range w.items {
		if i.repeat == 0 || i.emitted.IsZero() || now.Sub(i.emitted) < i.repeat {
			continue
		}
		i.emitted = now
		i.last.At = now
		samples = append(samples, i.last)
	}
	return samples
}

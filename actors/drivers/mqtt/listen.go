package mqtt

import (
	"context"
	"time"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Heard is a message that somebody published.
type Heard struct {
	Topic   string
	Payload []byte // not to be changed
	// TooLong tells that there was more payload than is taken, of which nothing is kept.
	TooLong bool
	// Retained tells that the broker had kept it.
	Retained bool
}

// Listen listens at a broker to topics, for those who look for devices, until ctx ends, which is no error. The keys are those of an address as
// devices have them. Messages are given to hear one at a time; nothing is published. The error is ErrInvalid if the keys are wrong,
// ErrPermission if the broker refuses us, and ErrOffline if there is no connection, or it was lost.
func Listen(ctx context.Context, address map[string]string, topics []string, hear func(Heard)) error {
	k := keys.OfAddress(Name, &roostv1.DeviceSpec{Address: address}).From(keys.Anywhere)
	at := parseAddress(k, &roostv1.DeviceSpec{Id: "discover", Address: address})
	if err := k.Problems().Err(); err != nil {
		return err
	}
	filters := make(map[string]byte, len(topics))
	for _, topic := range topics {
		if err := rules.Filter(topic); err != nil {
			return roostv1.Errorf(roostv1.ErrInvalid, "%q is no topic: %v", topic, err)
		}
		filters[topic] = 0
	}
	d := new(Driver)
	l, err := d.join(ctx, at.broker)
	if err != nil {
		return err
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		d.leave(last, l)
	}()
	e := &ear{hear}
	for topic := range filters {
		l.routes.add(topic, 0, e)
	}
	if err := l.subscribe(ctx, filters); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-l.lost:
		return l.err
	}
}

// ear takes messages and keeps none.
type ear struct{ hear func(Heard) }

func (e *ear) take(m *message) {
	e.hear(Heard{Topic: m.topic, Payload: m.payload, TooLong: m.tooLong, Retained: m.retained})
}

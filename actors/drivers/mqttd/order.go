package mqttd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
)

const (
	// subscribeWait is how long after it was let in a device may take to subscribe.
	subscribeWait = 2 * time.Second
	// maxOrders is how many messages a device may leave unacknowledged, before it gets no more.
	maxOrders = 16
)

var errNoAcknowledgement = errors.New("it was sent, and nobody knows whether it came: the device has subscribed at QoS 0, and so does not acknowledge")

// publish sends a message to the device, and waits until the device acknowledges it. It is never sent again. Only MQTT 5 has properties.
func (k *link) publish(ctx context.Context, topic string, payload []byte, with packets.Properties) error {
	qos, err := k.audience(ctx, topic)
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	id, answer, err := k.begun()
	if err != nil {
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	err = k.send(ctx, packets.Packet{
		FixedHeader: packets.FixedHeader{Type: packets.Publish, Qos: qos}, TopicName: topic, Payload: payload, PacketID: id, Properties: with,
	})
	var written *writeError
	switch {
	case err != nil && !errors.As(err, &written):
		k.forget(id)
		return fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	case err != nil:
		return err
	case qos == 0:
		k.forget(id)
		return errNoAcknowledgement
	}
	return k.answered(ctx, answer)
}

// answered waits for the device's answer to a message that was sent.
func (k *link) answered(ctx context.Context, answer <-chan byte) error {
	var why error
	select {
	case code := <-answer:
		return verdict(code)
	case <-ctx.Done():
		why = context.Cause(ctx)
	case <-k.conn.ctx.Done():
		why = fmt.Errorf("the connection ended: %w", context.Cause(k.conn.ctx))
	}
	select {
	case code := <-answer: // it came at the same time
		return verdict(code)
	default:
		return fmt.Errorf("it was sent, and the device has not acknowledged it: %w", why)
	}
}

// audience returns with which QoS the device has subscribed to a topic. One that has just dialled in may be about to.
func (k *link) audience(ctx context.Context, topic string) (byte, error) {
	ctx, cancel := context.WithDeadline(ctx, k.since.Add(subscribeWait))
	defer cancel()
	for {
		changed := k.session.watch()
		if qos, ok := k.subscribed(topic); ok {
			return min(qos, 1), nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, fmt.Errorf("the device has not subscribed to %s", topic)
		case <-k.conn.ctx.Done():
			return 0, context.Cause(k.conn.ctx)
		}
	}
}

// begun returns the number of a new message, and where its acknowledgement will come.
func (k *link) begun() (uint16, <-chan byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	most := maxOrders
	if n := int(k.client.Properties.Props.ReceiveMaximum); n > 0 {
		most = min(most, n)
	}
	if len(k.orders) >= most {
		return 0, nil, fmt.Errorf("the device has not acknowledged the last %d messages, and gets no more on this connection", len(k.orders))
	}
	for k.lastID++; k.lastID == 0 || k.orders[k.lastID] != nil; k.lastID++ {
	}
	answer := make(chan byte, 1) // who waited may have gone
	k.orders[k.lastID] = answer
	return k.lastID, answer, nil
}

func (k *link) forget(id uint16) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.orders, id)
}

// acknowledged takes the device's answer to a message.
func (k *link) acknowledged(id uint16, code byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if answer := k.orders[id]; answer != nil {
		delete(k.orders, id)
		answer <- code
	}
}

// send writes a message, if it is still wanted when its bytes are about to leave. A device that takes nothing for as long as it is
// wanted is cut off, since half a message may have left.
func (k *link) send(ctx context.Context, pk packets.Packet) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errWithdrawn, context.Cause(ctx))
	}
	k.conn.order.Store(&ctx)
	defer k.conn.order.Store(nil)
	defer context.AfterFunc(ctx, func() { k.conn.cut(fmt.Errorf("it took nothing: %w", context.Cause(ctx))) })()
	return k.client.WritePacket(pk)
}

// verdict is what the device's answer says: those of MQTT 5 may be no.
func verdict(code byte) error {
	if code >= packets.ErrUnspecifiedError.Code {
		return fmt.Errorf("%w: it answered with reason code %#02x", actors.ErrRefused, code)
	}
	return nil
}

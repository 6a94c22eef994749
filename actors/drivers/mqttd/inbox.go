package mqttd

import (
	"context"
	"errors"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
)

const (
	// maxBacklog is how many messages of a device are taken before the first of them is stored. Then nothing more is read from it.
	maxBacklog = 64
	// deliverTimeout is how long it may take until messages are stored. Then the connection is cut, and the device sends them again.
	deliverTimeout = 30 * time.Second
)

var errNotServed = errors.New("the device is not served any more")

// arrival is a message that has come.
type arrival struct {
	samples []actors.Sample
	qos     byte
	id      uint16
	stored  chan struct{} // closed when it is; of QoS 2 only
}

// published takes a message of the device. The error is the library's way to be told what it is to do with it.
func (k *link) published(pk packets.Packet) error {
	if !k.session.mayPublish(pk.TopicName) {
		return k.foreign(pk)
	}
	k.session.hear(pk)
	a := &arrival{samples: k.session.read(pk.TopicName, pk.Payload), qos: pk.FixedHeader.Qos, id: pk.PacketID}
	if a.qos == 2 {
		a.stored = make(chan struct{})
	}
	select {
	case k.queue <- a:
	case <-k.conn.ctx.Done():
		return packets.ErrRejectPacket
	}
	if a.qos != 2 {
		return packets.ErrRejectPacket // it is acknowledged when it is stored
	}
	select {
	case <-a.stored:
		return packets.CodeSuccessIgnore // the library goes on with the steps of QoS 2
	case <-k.conn.ctx.Done():
		return packets.ErrRejectPacket
	}
}

// foreign drops a message that is not the device's to send. Only MQTT 5 has a word for that; to others it is acknowledged, so that they do not
// send it for ever.
func (k *link) foreign(pk packets.Packet) error {
	k.session.driver.counts.foreign.Add(1)
	k.complain("message dropped: not a topic of the device", "topic", pk.TopicName)
	switch {
	case pk.FixedHeader.Qos == 0:
		return packets.ErrRejectPacket
	case pk.FixedHeader.Qos == 1 && pk.ProtocolVersion >= 5:
		return packets.ErrNotAuthorized
	}
	return packets.CodeSuccessIgnore
}

// work passes on what has come, all that waits together, until the connection ends.
func (k *link) work() {
	for {
		select {
		case a := <-k.queue:
			if err := k.pass(k.gather(a)); err != nil {
				k.failed(err)
				return
			}
		case <-k.conn.ctx.Done():
			k.rest()
			return
		}
	}
}

// failed ends a connection on which nothing more can be acknowledged.
func (k *link) failed(err error) {
	switch {
	case k.conn.ctx.Err() != nil:
		k.rest()
	case !errors.Is(err, errNotServed):
		k.session.driver.log().Warn("connection cut: what it sent could not be stored", "device", k.session.device, "error", err)
	}
	k.conn.cut(err)
}

// rest passes on what came right before the connection ended. Nobody is told any more that it was stored: a device that wants to
// know sends it again.
func (k *link) rest() {
	p := k.session.push()
	for p != nil {
		select {
		case a := <-k.queue:
			_ = p.sink.Emit(a.samples...)
		default:
			return
		}
	}
}

func (k *link) gather(first *arrival) []*arrival {
	all := []*arrival{first}
	for len(all) < maxBacklog {
		select {
		case a := <-k.queue:
			all = append(all, a)
		default:
			return all
		}
	}
	return all
}

// pass hands messages over, and acknowledges those that want it. Where nobody waits for it, nothing is waited for.
func (k *link) pass(all []*arrival) error {
	var samples []actors.Sample
	surely := false
	for _, a := range all {
		samples = append(samples, a.samples...)
		surely = surely || a.qos > 0
	}
	if len(samples) > 0 {
		if err := k.hand(samples, surely); err != nil {
			return err
		}
	}
	return k.acknowledge(all)
}

// acknowledge tells the device that messages are stored: of all at QoS 1 at once, which is what keeps up with a device that sends many.
func (k *link) acknowledge(all []*arrival) error {
	var acks []byte
	for _, a := range all {
		switch a.qos {
		case 1:
			acks = append(acks, packets.Puback<<4, 2, byte(a.id>>8), byte(a.id))
		case 2:
			close(a.stored)
		}
	}
	if len(acks) == 0 {
		return nil
	}
	_, err := k.conn.Write(acks)
	return err
}

func (k *link) hand(samples []actors.Sample, surely bool) error {
	ctx, cancel := context.WithTimeoutCause(k.conn.ctx, deliverTimeout, errors.New("it took too long"))
	defer cancel()
	p, err := k.session.pushing(ctx)
	if err != nil {
		return err
	}
	if !surely {
		_ = p.sink.Emit(samples...) // what is too much is dropped, and declared
		return nil
	}
	defer context.AfterFunc(p.ctx, cancel)()
	if err := p.sink.Deliver(ctx, samples...); err != nil {
		if p.ctx.Err() != nil {
			err = errNotServed
		}
		return err
	}
	return nil
}

// will takes the device's last will, unless the gateway ended the connection.
func (k *link) will(topic string, text []byte) {
	if !k.session.mayPublish(topic) || k.parted.Load() {
		return
	}
	if p := k.session.push(); p != nil {
		_ = p.sink.Emit(k.session.read(topic, text)...)
	}
}

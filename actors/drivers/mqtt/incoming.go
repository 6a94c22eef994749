package mqtt

import (
	"bytes"
	"io"
	"slices"
)

// hearer is told what comes, by the goroutine that reads.
type hearer interface {
	hear()            // a packet has begun
	arrived(*message) // a message
	lull()            // more may have to be waited for
}

// patient tells its hearer before it waits.
type patient struct {
	io.Reader
	to hearer
}

func (p patient) Read(to []byte) (int, error) {
	p.to.lull()
	return p.Reader.Read(to)
}

// publish takes a message. Of one that is too long there is no payload.
func (g *guard) publish(first byte, length int) error {
	m := &message{qos: first >> 1 & 3, retained: first&1 != 0, tooLong: length > maxPacket}
	ids := 0
	if m.qos > 0 {
		ids = 2
	}
	if length < 2+ids || m.qos == 3 {
		return garbage("a message of QoS %d and %d bytes", m.qos, length)
	}
	size, err := g.number()
	if err != nil {
		return err
	}
	rest := length - 2 - int(size) - ids
	if size == 0 || rest < 0 {
		return garbage("a message of %d bytes with a topic of %d", length, size)
	}
	if m.topic, err = g.topic(int(size)); err != nil {
		return err
	}
	if ids > 0 {
		if m.id, err = g.number(); err != nil {
			return err
		}
	}
	if m.tooLong {
		_, err = g.in.Discard(rest)
	} else {
		m.payload = make([]byte, rest)
		_, err = io.ReadFull(g.in, m.payload)
	}
	if err == nil {
		g.to.arrived(m)
	}
	return err
}

// number reads two bytes.
func (g *guard) number() (uint16, error) {
	high, err := g.in.ReadByte()
	if err != nil {
		return 0, err
	}
	low, err := g.in.ReadByte()
	return uint16(high)<<8 | uint16(low), err
}

func (g *guard) topic(size int) (string, error) {
	g.scratch = slices.Grow(g.scratch[:0], size)
	topic := g.scratch[:size]
	if _, err := io.ReadFull(g.in, topic); err != nil {
		return "", err
	}
	if bytes.IndexByte(topic, 0) >= 0 {
		return "", garbage("a message with the topic %q", topic)
	}
	return string(topic), nil
}

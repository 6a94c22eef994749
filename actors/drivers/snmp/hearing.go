package snmp

import (
	"context"
	"crypto/subtle"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
)

// room is how many notifications wait for a device's readings to be taken. Further ones are dropped and counted; informs then come again.
const room = 256

// hearing is a session with a device that also sends by itself.
type hearing struct {
	*session
	driver *Driver
	from   []netip.Addr // where the device's messages may be from
	home   engine       // of the address that is listened at
	codec  codec        // of the ear's goroutine
	sent   map[string][]*entry
	queue  chan part
	closed atomic.Bool
}

func newHearing(s *session, d *Driver, from []netip.Addr) *hearing {
	h := &hearing{session: s, driver: d, from: from, sent: make(map[string][]*entry), queue: make(chan part, room)}
	h.codec.init(s.agent.at, like(s.access.user))
	for _, e := range s.entries {
		if e.sent() {
			h.sent[e.oid] = append(h.sent[e.oid], e)
		}
	}
	return h
}

// Push hands on what the device sends. What an inform tells is stored before it is acknowledged.
func (h *hearing) Push(ctx context.Context, sink actors.Sink) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case p := <-h.queue:
			if !p.of.inform {
				_ = sink.Emit(p.samples...) // what is refused is declared
			} else if sink.Deliver(ctx, p.samples...) == nil {
				p.of.stored()
			}
		}
	}
}

// Close ends the session.
func (h *hearing) Close(ctx context.Context) error {
	if !h.closed.Swap(true) {
		h.driver.unhear(h)
	}
	return h.session.Close(ctx)
}

// understand returns a notification if it is of the device as it is configured: with its community, or authentic for its user. Else nil.
func (h *hearing) understand(datagram []byte) *gosnmp.SnmpPacket {
	message := h.codec.notification(datagram)
	if message == nil || (message.Version == gosnmp.Version3) != (h.access.user != nil) {
		return nil
	}
	if h.access.user == nil && subtle.ConstantTimeCompare([]byte(message.Community), []byte(h.access.trapping)) != 1 {
		return nil
	}
	return message
}

// samples returns what a notification tells of the device's resources.
func (h *hearing) samples(variables []gosnmp.SnmpPDU, at time.Time) []actors.Sample {
	var samples []actors.Sample
	for i := range variables {
		for _, e := range h.sent[variables[i].Name] {
			samples = append(samples, e.sample(&variables[i], at))
		}
	}
	return samples
}

// answer returns the datagram that acknowledges an inform, which is the inform itself with another name; nil if there is none.
func (h *hearing) answer(inform *gosnmp.SnmpPacket) []byte {
	datagram, err := h.reply(inform, gosnmp.GetResponse, inform.MsgFlags, inform.Variables)
	if err != nil {
		return nil // it comes again
	}
	return datagram
}

package sim

import (
	"errors"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errOff is why a device says nothing.
var errOff = errors.New("it is switched off")

// bootLocked starts the device anew: its sessions are over, and what it was set to and has counted of actions is gone. How often it was
// read and the highest epoch it keeps, as a meter and a fence must. Whoever calls it holds mu.
func (m *machine) bootLocked(reason string, log *truth) error {
	if err := log.write(Record{Kind: KindBoot, Device: m.ID, Reason: reason}); err != nil {
		return err
	}
	m.boots++
	m.holder = nil
	return nil
}

// hears reports whether a device takes a request of a session, and what it answers if not; nil: nothing. Whoever calls it has the turn.
func (m *machine) hears(s *session, r Record, f fate, log *truth) (bool, wire.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.booted != m.boots { // since the last request
		m.booted, m.setpoint, m.dosed, m.pulses = m.boots, 0, 0, 0
	}
	var nack *wire.Nack
	switch {
	case m.behaviour.Off:
		return false, nil // it has not even arrived
	case s.boots != m.boots:
		nack = &wire.Nack{Code: wire.CodeNotOpen, Reason: "the device has booted since"}
		r = r.refused(nack)
	case f.crashes:
		r.Result, r.Reason = Refused, "it crashed"
	default:
		return true, nil
	}
	if log.write(r) != nil {
		return false, nil
	}
	if nack != nil {
		return false, nack
	}
	_ = m.bootLocked(r.Reason, log) // whoever runs the hardware hears of a log that fails
	return false, nil
}

// nonsense is what a device that babbles says to a read: more than it was asked for, something else, or no values at all.
func (m *machine) nonsense(request *wire.Read) wire.Message {
	switch m.fits.IntN(3) {
	case 0:
		return &wire.Values{Values: make([]*roostv1.Value, len(request.Resources)+1)}
	case 1:
		words := &wire.Values{Values: make([]*roostv1.Value, len(request.Resources))}
		for i := range words.Values {
			words.Values[i] = roostv1.Text("\x00?!")
		}
		return words
	default:
		return &wire.Ack{}
	}
}

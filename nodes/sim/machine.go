package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// machine is one device at work. It does one thing at a time: whoever has its turn.
type machine struct {
	Device
	seed uint64
	// turn holds a token while a request is carried out, with all its delays. It guards these:
	turn     chan struct{}
	dice     *rand.Rand // of declining and losing answers
	fits     *rand.Rand // of crashing and babbling
	count    uint64     // of reads
	setpoint float64
	dosed    float64
	pulses   uint64
	epoch    uint64 // the highest that was seen
	booted   uint64 // boots that the registers have seen

	// mu guards these, and is held for moments only.
	mu        sync.Mutex
	holder    *session // of an exclusive session; nil: it is free
	boots     uint64   // how often it has booted: sessions from before are over
	behaviour Behaviour
}

func newMachine(d Device, seed uint64) *machine {
	return &machine{
		Device:    d,
		seed:      seed,
		turn:      make(chan struct{}, 1),
		dice:      rand.New(rand.NewPCG(seed, idHash(d.ID))),
		fits:      rand.New(rand.NewPCG(^seed, idHash(d.ID))),
		behaviour: d.Behaviour,
	}
}

// behave changes the behaviour. A device that was off and is on again boots.
func (m *machine) behave(b Behaviour, log *truth) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := log.write(Record{Kind: KindBehave, Device: m.ID, Behaviour: &b}); err != nil {
		return err
	}
	on := m.behaviour.Off && !b.Off
	m.behaviour = b
	if on {
		return m.bootLocked("it is switched on", log)
	}
	return nil
}

func (m *machine) behaves() Behaviour {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.behaviour
}

// admit lets a session begin, or says why not. The error is that of the log.
func (m *machine) admit(s *session, r Record, log *truth) (*wire.Nack, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.behaviour.Off {
		return nil, errOff
	}
	if h := m.holder; h != nil {
		nack := &wire.Nack{Code: wire.CodeTaken, Reason: fmt.Sprintf("by %s on connection %d", h.connection.gateway, h.connection.number)}
		return nack, log.write(r.refused(nack))
	}
	r.Result = Done
	if err := log.write(r); err != nil {
		return nil, err
	}
	if m.ExclusiveSession {
		m.holder = s
	}
	s.boots = m.boots
	return nil, nil
}

// dismiss ends a session.
func (m *machine) dismiss(s *session, r Record, log *truth) wire.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.Result = Done
	if log.write(r) != nil {
		return nil
	}
	if m.holder == s {
		m.holder = nil
	}
	if m.behaviour.Off {
		return nil
	}
	return &wire.Ack{}
}

// enter waits for the turn, and reports whether it came before ctx ended.
func (m *machine) enter(ctx context.Context) bool {
	select {
	case m.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (m *machine) leave() { <-m.turn }

// read returns the values that are asked for.
func (m *machine) read(ctx context.Context, s *session, request *wire.Read, r Record, arrived time.Time) wire.Message {
	if !m.enter(ctx) {
		return nil
	}
	defer m.leave()
	fate := m.behaves().fateOfRead(m.fits)
	log := s.truth()
	if !pause(ctx, fate.before) {
		return nil
	}
	r.Waited = time.Since(arrived)
	if hears, answer := m.hears(s, r, fate, log); !hears {
		return answer
	}
	r.Result, r.Count = Done, m.count+1
	if log.write(r) != nil {
		return nil
	}
	m.count++
	pause(ctx, fate.after)
	if fate.babbles {
		return m.nonsense(request)
	}
	answer := &wire.Values{Values: make([]*roostv1.Value, len(request.Resources))}
	for i, name := range request.Resources {
		answer.Values[i] = m.value(name)
	}
	return answer
}

// value returns the value of a resource; nil if it has none.
func (m *machine) value(resource string) *roostv1.Value {
	switch resource {
	case wire.ResourceValue:
		return roostv1.Double(Measured(m.seed, m.ID, m.count))
	case wire.ResourceCount:
		return roostv1.Uint(m.count)
	case wire.ResourceSetpoint:
		return roostv1.Double(m.setpoint)
	case wire.ResourceDosed:
		return roostv1.Double(m.dosed)
	case wire.ResourcePulses:
		return roostv1.Uint(m.pulses)
	default:
		return nil
	}
}

// act does what it is told, or refuses.
func (m *machine) act(ctx context.Context, s *session, w *wire.Write, r Record, arrived time.Time) wire.Message {
	if !m.enter(ctx) {
		return nil
	}
	defer m.leave()
	fate := m.behaves().fateOfAction(m.dice, m.fits)
	log := s.truth()
	if !pause(ctx, fate.before) {
		return nil
	}
	r.Waited = time.Since(arrived)
	if hears, answer := m.hears(s, r, fate, log); !hears {
		return answer
	}
	if nack := m.refusal(w, fate); nack != nil {
		if log.write(r.refused(nack)) != nil {
			return nil
		}
		pause(ctx, fate.after)
		return nack
	}
	r.Result, r.Unanswered = Done, fate.lost
	if log.write(r) != nil {
		return nil
	}
	m.apply(w)
	pause(ctx, fate.after)
	if fate.lost {
		return nil
	}
	return &wire.Ack{}
}

// refusal says why an action is not done; nil: it is. Its epoch is seen whether or not it is.
func (m *machine) refusal(w *wire.Write, f fate) *wire.Nack {
	if m.Fenced && w.Epoch < m.epoch {
		return &wire.Nack{Code: wire.CodeStaleEpoch, Reason: fmt.Sprintf("epoch %d, after %d", w.Epoch, m.epoch)}
	}
	m.epoch = max(m.epoch, w.Epoch)
	if reason := flaw(w.Resource, w.Value); reason != "" {
		return &wire.Nack{Code: wire.CodeInvalid, Reason: cut(reason)}
	}
	if f.declined {
		return &wire.Nack{Code: wire.CodeDeclined}
	}
	return nil
}

// flaw says what is wrong with a write; empty: nothing.
func flaw(resource string, v *roostv1.Value) string {
	most := wire.MaxSetpoint
	switch resource {
	case wire.ResourcePulse:
		if !v.GetBool() {
			return "a pulse is true, and nothing else"
		}
		return ""
	case wire.ResourceDose:
		most = wire.MaxDose
	case wire.ResourceSetpoint:
	default:
		return fmt.Sprintf("%q cannot be written", resource)
	}
	if n, ok := v.Number(); !ok || !(n >= 0 && n <= most) { // NaN is neither
		return fmt.Sprintf("%s must be a number from 0 to %v", resource, most)
	}
	return ""
}

// apply does what a write without flaw says.
func (m *machine) apply(w *wire.Write) {
	n, _ := w.Value.Number()
	switch w.Resource {
	case wire.ResourceSetpoint:
		m.setpoint = n
	case wire.ResourceDose:
		m.dosed += n
	case wire.ResourcePulse:
		m.pulses++
	}
}

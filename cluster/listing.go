package cluster

import (
	"slices"
	"time"
)

// A picture is filled by listings. Each begins with the last record of every subject,
// in the stream's order, and goes on with what is written from then on, until the
// consumer breaks; the next listing begins anew. What a listing did not have is gone.

// begin starts a listing of the stream that was created then. If that is not the stream
// that the picture is of, nothing of it is true any more.
func (p *Picture) begin(created time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.created.Equal(created) {
		p.created = created
		p.streams++
		p.markAllLocked(p.markLocked)
		p.clearLocked()
		p.listed = false
	}
	p.list++
	p.listing, p.reached = true, 0
}

// end completes the beginning of a listing: all up to what was delivered last has come, or has been replaced by
// what is to come. What the stream is said to have beyond that may have been said by another server than the one
// that delivers, which may be behind.
func (p *Picture) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listed = true
	p.passLocked(p.passed)
}

// sweep takes out what the present listing did not have, once nothing of it is on its way any more. What stands
// beyond the last record that it had is not missed: it is from a server that was further.
func (p *Picture) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listing = false
	p.sweepLocked()
}

// apply takes a record into the picture. The error says why it cannot be used; it is nil
// if that was said before, and for a record of a kind that is not known.
func (p *Picture) apply(m message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reached = m.sequence
	defer p.passLocked(m.sequence)
	key, ok := p.names.key(m.subject)
	if !ok {
		return nil
	}
	known, bad := p.placeLocked(key), p.bad[key]
	seen := false
	for _, at := range [...]*place{known, bad} {
		if at != nil {
			at.list = p.list
			seen = seen || at.sequence >= m.sequence
		}
	}
	if seen {
		return nil
	}
	at := place{m.sequence, p.list}
	if err := p.takeLocked(key, at, m); err != nil {
		p.bad[key] = &at // what was known before stays
		return err
	}
	delete(p.bad, key)
	return nil
}

// placeLocked returns where the usable record of a key stands, or nil.
func (p *Picture) placeLocked(key Key) *place {
	switch key.Kind {
	case KindProfile:
		if r := p.profiles[key.ID]; r != nil {
			return &r.place
		}
	case KindMember:
		if r := p.members[key.ID]; r != nil {
			return &r.place
		}
	case KindDevice:
		if d := p.devices[key.ID]; d != nil {
			return &d.place
		}
	case KindBus:
		if b := p.buses[key.ID]; b != nil {
			return &b.place
		}
	case KindCommand:
		if c := p.commands[key.ID]; c != nil {
			return &c.place
		}
	case KindCancel:
		if c := p.commands[key.ID]; c != nil {
			return &c.cancel
		}
	case KindDesired:
		if r := p.desired[key.ID]; r != nil {
			return &r.place
		}
	case KindAccess:
		if r := p.grants[key.ID]; r != nil {
			return &r.place
		}
	}
	return nil
}

// passLocked notes that all up to sequence is in the picture.
func (p *Picture) passLocked(sequence uint64) {
	p.passed = max(p.passed, sequence)
	if !p.listed {
		return
	}
	for passed, wanted := range p.waiters {
		if wanted <= p.passed {
			close(passed)
			delete(p.waiters, passed)
		}
	}
}

// goneLocked reports whether a record that stands there is one that the present listing should have had, and had not.
func (p *Picture) goneLocked(at place) bool { return at.list != p.list && at.sequence <= p.reached }

// sweepLocked takes out what the present listing did not have.
func (p *Picture) sweepLocked() {
	if p.partial {
		return
	}
	for id, r := range p.profiles {
		if p.goneLocked(r.place) {
			delete(p.profiles, id)
			p.markLocked(Key{KindProfile, id})
		}
	}
	for id, r := range p.members {
		if p.goneLocked(r.place) {
			delete(p.members, id)
			p.markLocked(Key{KindMember, id})
		}
	}
	for id, d := range p.devices {
		if p.goneLocked(d.place) {
			delete(p.devices, id)
			p.leaveLocked(d)
		}
	}
	for id, b := range p.buses {
		if b.sequence > 0 && p.goneLocked(b.place) {
			b.record = record[Owner]{}
			p.markLocked(Key{KindBus, id})
		}
	}
	p.sweepCommandsLocked()
	p.sweepGrantsLocked()
	for key, at := range p.bad {
		if p.goneLocked(*at) {
			delete(p.bad, key)
		}
	}
}

// leaveLocked takes a device off its bus.
func (p *Picture) leaveLocked(d *device) {
	if d.bus == nil {
		return
	}
	d.bus.devices = slices.DeleteFunc(d.bus.devices, func(other *device) bool { return other == d })
	p.markLocked(Key{KindBus, d.bus.id})
	d.bus = nil
}

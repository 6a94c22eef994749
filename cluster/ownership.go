package cluster

import (
	"github.com/google/uuid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// self is who writes: a gateway in one incarnation.
type self struct {
	gateway     string
	incarnation string
}

// owns reports whether the owner is this gateway in this incarnation.
func (s self) owns(o Owner) bool {
	return o.Gateway == s.gateway && o.Incarnation == s.incarnation
}

// claim returns the write that makes this gateway the owner of a bus, in place of the owner
// it was told of. The sequence of the record is the epoch.
func (s self) claim(names Subjects, bus string, from Owner) *write {
	return ownerWrite(names, from.Epoch, &roostv1.Ownership{
		Bus: bus, Gateway: s.gateway, Incarnation: s.incarnation, Nonce: newNonce(),
	})
}

// handOver returns the write by which this gateway, which has put the bus down, makes another one its
// owner; without one the bus is nobody's. The record stays: deleted, it could come back, and
// epochs must only grow.
func (s self) handOver(names Subjects, bus string, epoch uint64, to self) *write {
	own := &roostv1.Ownership{Bus: bus, Gateway: to.gateway, Incarnation: to.incarnation, Nonce: newNonce()}
	if to.gateway != "" {
		own.HandedOverBy = s.gateway
	}
	return ownerWrite(names, epoch, own)
}

func ownerWrite(names Subjects, expect uint64, own *roostv1.Ownership) *write {
	w := recordWrite(names.Owner(own.Bus), expect, own)
	w.forever = true
	return w
}

// newNonce makes what tells one write from every other.
func newNonce() string { return uuid.NewString() }

// newIncarnation names a run of a gateway.
func newIncarnation() string { return uuid.NewString() }

// ownedBy returns the buses that are a gateway's, with their epochs.
func (p *Picture) ownedBy(s self) map[string]uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	owned := make(map[string]uint64)
	for id, b := range p.buses {
		if s.owns(b.value) {
			owned[id] = b.value.Epoch
		}
	}
	return owned
}

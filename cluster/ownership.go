package cluster

import (
	"maps"
	"slices"

	"github.com/google/uuid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// self is who writes: a gateway in one run of its process.
type self struct {
	gateway     string
	incarnation string
}

// owns reports whether the owner is this very run of the gateway.
func (s self) owns(o Owner) bool {
	return o.Gateway == s.gateway && o.Incarnation == s.incarnation
}

// mayClaim reports whether a bus with that owner is to be had: it is nobody's, or was this
// gateway's in an earlier run.
func (s self) mayClaim(o Owner) bool {
	return o.Gateway == "" || o.Gateway == s.gateway && o.Incarnation != s.incarnation
}

// claim returns the write that makes this gateway the owner of a bus, in place of the owner
// it was told of. The sequence of the record is the epoch.
func (s self) claim(names Subjects, bus string, from Owner) *write {
	return ownerWrite(names, from.Epoch, &roostv1.Ownership{
		Bus: bus, Gateway: s.gateway, Incarnation: s.incarnation, Nonce: newNonce(),
	})
}

// release returns the write that makes a bus nobody's. The record stays: deleted, it could
// come back, and epochs must only grow.
func (s self) release(names Subjects, bus string, epoch uint64) *write {
	return ownerWrite(names, epoch, &roostv1.Ownership{Bus: bus, Nonce: newNonce()})
}

func ownerWrite(names Subjects, expect uint64, own *roostv1.Ownership) *write {
	w := recordWrite(names.Owner(own.Bus), expect, own)
	w.forever = true
	return w
}

// newNonce makes what tells one write from every other.
func newNonce() string { return uuid.NewString() }

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

// eligible reports whether a gateway can serve a bus with these devices: every one of
// them must be placeable there. A bus without devices needs nobody.
func eligible(devices []*roostv1.DeviceSpec, gateway string, labels map[string]string) bool {
	if len(devices) == 0 {
		return false
	}
	for _, d := range devices {
		gateways := d.GetPlacement().GetGateways()
		if len(gateways) > 0 && !slices.Contains(gateways, gateway) {
			return false
		}
		if !roostv1.MatchLabels(d.GetPlacement().GetSelector(), labels) {
			return false
		}
	}
	return true
}

// sortedKeys returns the keys of a set in order, so that what is done for them is done in
// the same order each time.
func sortedKeys[V any](set map[string]V) []string { return slices.Sorted(maps.Keys(set)) }

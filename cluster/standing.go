package cluster

import (
	"time"

	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// What a gateway's rules ask of a picture: leases of members, and demands of buses.

// Passed is the sequence up to which the picture has everything.
func (p *Picture) Passed() uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.passed
}

// generation is which stream the picture is of: it grows when that is another one.
func (p *Picture) generation() uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return max(p.streams, 1)
}

// has reports whether all up to a sequence is in the picture, and the first listing is complete.
func (p *Picture) has(sequence uint64) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.listed && p.passed >= sequence
}

// sighting is the last record of a gateway.
type sighting struct {
	member *roostv1.Member // nil: none that can be used
	record lease.Record
	stored time.Time // by the hub, on its clock
}

// sight returns the last record of a gateway, usable or not.
func (p *Picture) sight(gateway string) sighting {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.sightLocked(gateway)
}

// sightLocked returns a record that cannot be read as one without a member: it counts as live,
// since nothing says that it is not.
func (p *Picture) sightLocked(gateway string) sighting {
	r, bad := p.members[gateway], p.bad[Key{KindMember, gateway}]
	switch {
	case bad != nil && (r == nil || r.sequence < bad.sequence):
		return sighting{record: lease.RecordOf(bad.sequence, nil)}
	case r == nil:
		return sighting{}
	}
	m := r.value.member
	return sighting{member: m, record: lease.RecordOf(r.sequence, m), stored: r.value.stored}
}

// probeOf returns the last probe of a gateway, or nil.
func (p *Picture) probeOf(gateway string) *roostv1.Member {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.probes[gateway]
}

// Demand returns who owns a bus, and what its devices, other than those that were retired, ask of
// a gateway together.
func (p *Picture) Demand(bus string) (Owner, placement.Demand) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	b := p.buses[bus]
	if b == nil {
		return Owner{}, placement.DemandOf()
	}
	asked := make([]*roostv1.Placement, 0, 1)
	for _, d := range b.devices {
		if !d.retired {
			asked = append(asked, d.placement)
		}
	}
	return b.value, placement.DemandOf(asked...)
}

// placementLocked returns what a device asks for, as a message that it shares with those that ask
// the same.
func (p *Picture) placementLocked(asked *roostv1.Placement) *roostv1.Placement {
	key := placement.DemandOf(asked).Key()
	if key == "" {
		return nil
	}
	if shared := p.placements[key]; shared != nil {
		return shared
	}
	p.placements[key] = asked
	return asked
}

// BusIDs returns the buses of all devices and owners, in no order.
func (p *Picture) BusIDs() []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	ids := make([]string, 0, len(p.buses))
	for id := range p.buses {
		ids = append(ids, id)
	}
	return ids
}

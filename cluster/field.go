package cluster

import (
	"maps"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// field is the gateways among which buses are placed, as the picture has them. One goroutine
// uses it.
type field struct {
	self   string        // the own gateway
	steady time.Duration // how long a gateway must have been a member to be given others' buses
	quiet  time.Duration // how long one may be silent that is given any
	first  bool          // the members were looked at once: who comes later has just joined
	peers  map[string]peerState
	free   placing // who may claim what is nobody's
	moves  placing // who may be handed what is somebody's
	stale  bool    // the two are to be made anew
	except string  // a gateway that is left out: the own one, when it leaves

	ripened boottime.Instant // when a gateway last proved steady
}

// newField returns the field as a gateway sees it, which takes itself for steady.
func newField(self string, terms lease.Terms) field {
	// Renewals are a sixth of a lease apart while the hub answers: who is later than a quarter may well be gone.
	return field{self: self, steady: terms.Lease, quiet: terms.Interval(), peers: map[string]peerState{}, stale: true}
}

// peerState is what counts of a gateway for placement.
type peerState struct {
	incarnation string
	draining    bool
	labels      map[string]string
	weight      uint32
	since       boottime.Instant // when it was first seen; 0: it was there already
	sequence    uint64           // of its last record
	heard       boottime.Instant // when that came
}

// placing is a field, and the parts of it that meet demands, each made once.
type placing struct {
	all  placement.Field
	part map[string]placement.Field
}

func (f *placing) meeting(d placement.Demand) placement.Field {
	key := d.Key()
	part, ok := f.part[key]
	if !ok {
		part = f.all.Eligible(d)
		f.part[key] = part
	}
	return part
}

// update takes notice of the last record of a gateway, and reports whether it changes who could own
// what, and whether the gateway is heard again that was silent.
func (f *field) update(now boottime.Instant, id string, s sighting) (changed, heard bool) {
	was, known := f.peers[id]
	if !s.live() {
		delete(f.peers, id)
		f.stale = f.stale || known
		return known, false
	}
	m := s.member
	is := peerState{
		incarnation: m.Incarnation, draining: m.State == roostv1.MemberState_MEMBER_STATE_DRAINING,
		labels: m.Labels, weight: m.Weight, since: was.since, sequence: s.record.Sequence, heard: was.heard,
	}
	if was.sequence != is.sequence {
		heard = known && f.silent(now, id)
		is.heard = now
	}
	if f.first && was.incarnation != is.incarnation {
		is.since = now
	}
	f.peers[id] = is
	if known && was.equal(is) {
		return false, heard
	}
	f.stale = true
	return true, heard
}

// silent reports whether a gateway has not been heard for so long that it should be given nothing: it may be evicted
// soon, and whatever it was given would have no owner until then.
func (f *field) silent(now boottime.Instant, id string) bool {
	return id != f.self && now.Sub(f.peers[id].heard) > f.quiet
}

func (p peerState) equal(q peerState) bool {
	return p.incarnation == q.incarnation && p.draining == q.draining && p.weight == q.weight && p.since == q.since &&
		maps.Equal(p.labels, q.labels)
}

// live reports whether the record says of a gateway that it is a member.
func (s sighting) live() bool {
	switch s.member.GetState() {
	case roostv1.MemberState_MEMBER_STATE_LIVE, roostv1.MemberState_MEMBER_STATE_DRAINING:
		return s.member.Incarnation != ""
	}
	return false
}

// settled returns when the gateways that have just joined will have proven steady; false if none has.
func (f *field) settled(now boottime.Instant) (at boottime.Instant, ok bool) {
	for id, p := range f.peers {
		if until := p.since.Add(f.steady); p.since > 0 && now.Before(until) && id != f.except {
			at, ok = max(at, until), true
		}
	}
	return at, ok
}

// make makes the fields anew, if something has changed.
func (f *field) make(now boottime.Instant) {
	if !f.stale {
		return
	}
	f.stale = false
	var all, steady []placement.Gateway
	for id, p := range f.peers {
		if id == f.except {
			continue
		}
		g := placement.Gateway{ID: id, Labels: p.labels, Weight: p.weight, Draining: p.draining}
		all = append(all, g)
		if id == f.self || p.since == 0 || now.Sub(p.since) >= f.steady {
			steady = append(steady, g)
		}
	}
	f.free = placing{placement.NewField(all), map[string]placement.Field{}}
	f.moves = placing{placement.NewField(steady), map[string]placement.Field{}}
}

// ripe reports whether gateways have proven steady since it was last asked. When many join one after
// the other, it waits for the last of them, but not for ever: each time all buses are looked at.
func (f *field) ripe(now boottime.Instant) bool {
	if _, others := f.settled(now); others && now.Sub(f.ripened) < f.steady {
		return false
	}
	ripe := false
	for id, p := range f.peers {
		if p.since > 0 && now.Sub(p.since) >= f.steady {
			p.since = 0
			f.peers[id] = p
			ripe = true
		}
	}
	if ripe {
		f.stale, f.ripened = true, now
	}
	return ripe
}

// leave leaves a gateway out of the fields from now on.
func (f *field) leave(id string) { f.except, f.stale = id, true }

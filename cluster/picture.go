package cluster

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Picture is the control stream as far as it has been followed: the registry, the owners
// of the buses and the members, as they stood after one and the same record.
//
// It is behind the hub, by an unknown time. So it serves to decide what to try; whether a
// write succeeds decides what is so. Whoever must not miss what was written before a point
// waits for that point with Wait.
//
// All methods may be called concurrently. Profiles and members that they return are shared
// and must not be changed.
type Picture struct {
	names Subjects

	mu       sync.RWMutex
	created  time.Time // of the stream; another one has another history
	streams  uint64    // how many there were
	list     uint32    // number of the present listing
	listing  bool      // it may still have what is there already
	listed   bool      // a listing was completed
	partial  bool      // each listing has a part only: none tells that something is gone
	passed   uint64
	reached  uint64                   // sequence of the last record that the present listing had
	waiters  map[chan struct{}]uint64 // closed when the sequence is passed
	watchers map[*Changes]struct{}

	profiles map[string]*record[*roostv1.Profile]
	members  map[string]*record[seenMember]
	probes   map[string]*roostv1.Member // the last one of each gateway
	devices  map[string]*device
	buses    map[string]*bus
	bad      map[Key]*place // the last unusable record of each

	commands map[string]*openCommand    // by key
	queues   map[string][]*openCommand  // by device, in their order
	wishes   map[string]record[[]byte]  // to cancel commands that a listing has yet to come to, by key
	desired  map[string]*record[[]byte] // by device
	grants   map[string]*record[grant]  // by the name of the credential

	placements map[string]*roostv1.Placement // by what they ask; most devices share a few
	takeovers  *takeovers                    // told of each change of an owner; nil: nobody is

	// told is told of each record of a command, under the lock; nil: nobody is.
	told func(key string, record *roostv1.CommandRecord)
}

// place is where a record stands.
type place struct {
	sequence uint64
	list     uint32 // the last listing that had it
}

type record[T any] struct {
	place
	value T
}

// seenMember is a member, and when the hub stored the record of it.
type seenMember struct {
	member *roostv1.Member
	stored time.Time
}

// device keeps a specification as bytes: decoded, 100,000 of them would fill the memory of
// a small gateway, and each gateway needs its own only.
type device struct {
	record[[]byte]
	id        string
	profile   string
	placement *roostv1.Placement // shared
	bus       *bus
	retired   bool
}

// bus is what the stream says about a bus: who owns it, and which devices are on it.
type bus struct {
	record[Owner]
	since   int64 // when the hub stored the record, in Unix nanoseconds
	id      string
	devices []*device
}

// Owner is who owns a bus. The zero Owner is that of a bus that never had one.
type Owner struct {
	Gateway     string // empty: nobody
	Incarnation string
	From        string // gateway that handed it over; empty: nobody did
	Epoch       uint64 // sequence of the record
}

// NewPicture returns an empty picture; a Follower fills it.
func NewPicture(names Subjects) *Picture {
	p := &Picture{names: names, waiters: map[chan struct{}]uint64{}, watchers: map[*Changes]struct{}{}}
	p.clearLocked()
	return p
}

func (p *Picture) clearLocked() {
	p.passed, p.reached = 0, 0
	p.profiles = map[string]*record[*roostv1.Profile]{}
	p.members = map[string]*record[seenMember]{}
	p.probes = map[string]*roostv1.Member{}
	p.placements = map[string]*roostv1.Placement{}
	p.devices = map[string]*device{}
	p.buses = map[string]*bus{}
	p.bad = map[Key]*place{}
	p.commands = map[string]*openCommand{}
	p.queues = map[string][]*openCommand{}
	p.wishes = map[string]record[[]byte]{}
	p.desired = map[string]*record[[]byte]{}
	p.grants = map[string]*record[grant]{}
}

// Profile returns the profile with that id, or nil.
func (p *Picture) Profile(id string) *roostv1.Profile {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if r := p.profiles[id]; r != nil {
		return r.value
	}
	return nil
}

// Device returns the device with that id, also one that was retired, or nil.
func (p *Picture) Device(id string) *roostv1.DeviceSpec {
	p.mu.RLock()
	d := p.devices[id]
	if d == nil {
		p.mu.RUnlock()
		return nil
	}
	raw := d.value
	p.mu.RUnlock()
	return decodeDevice(raw)
}

// DeviceIDs returns the ids of all devices, also of those that were retired, in order.
func (p *Picture) DeviceIDs() []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return slices.Sorted(maps.Keys(p.devices))
}

// Bus returns who owns a bus, and the devices on it that were not retired, in the order of
// their ids.
func (p *Picture) Bus(id string) (Owner, []*roostv1.DeviceSpec) {
	owner, raw := p.rawBus(id)
	specs := make([]*roostv1.DeviceSpec, len(raw))
	for i := range raw {
		specs[i] = decodeDevice(raw[i])
	}
	slices.SortFunc(specs, func(a, b *roostv1.DeviceSpec) int { return strings.Compare(a.Id, b.Id) })
	return owner, specs
}

func (p *Picture) rawBus(id string) (Owner, [][]byte) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	b := p.buses[id]
	if b == nil {
		return Owner{}, nil
	}
	raw := make([][]byte, 0, len(b.devices))
	for _, d := range b.devices {
		if !d.retired {
			raw = append(raw, d.value)
		}
	}
	return b.value, raw
}

// BusesWith returns the buses that have a device of one of the profiles.
func (p *Picture) BusesWith(profiles ...string) []string {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var ids []string
	for id, b := range p.buses {
		if slices.ContainsFunc(b.devices, func(d *device) bool { return !d.retired && slices.Contains(profiles, d.profile) }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Owner returns who owns a bus.
func (p *Picture) Owner(bus string) Owner {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if b := p.buses[bus]; b != nil {
		return b.value
	}
	return Owner{}
}

// Member returns a gateway's record, or nil.
func (p *Picture) Member(gateway string) *roostv1.Member {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if r := p.members[gateway]; r != nil {
		return r.value.member
	}
	return nil
}

// Members returns the records of all gateways, also of those that left, in the order of
// their ids.
func (p *Picture) Members() []*roostv1.Member {
	p.mu.RLock()
	defer p.mu.RUnlock()
	members := make([]*roostv1.Member, 0, len(p.members))
	for _, id := range slices.Sorted(maps.Keys(p.members)) {
		members = append(members, p.members[id].value.member)
	}
	return members
}

// Sequence returns the sequence of the last record of that key, usable or not; 0 if there
// is none.
func (p *Picture) Sequence(key Key) uint64 {
	p.mu.RLock()
	defer p.mu.RUnlock()
	var last uint64
	for _, at := range [...]*place{p.placeLocked(key), p.bad[key]} {
		if at != nil {
			last = max(last, at.sequence)
		}
	}
	return last
}

// Wait returns nil once all up to sequence is in the picture, and the first listing is
// complete; else ctx's error.
func (p *Picture) Wait(ctx context.Context, sequence uint64) error {
	p.mu.Lock()
	if p.listed && p.passed >= sequence {
		p.mu.Unlock()
		return nil
	}
	passed := make(chan struct{})
	p.waiters[passed] = sequence
	p.mu.Unlock()
	select {
	case <-passed:
		return nil
	case <-ctx.Done():
		p.mu.Lock()
		delete(p.waiters, passed)
		p.mu.Unlock()
		return context.Cause(ctx)
	}
}

// decodeDevice decodes what the picture keeps, which it encoded itself.
func decodeDevice(raw []byte) *roostv1.DeviceSpec {
	spec := &roostv1.DeviceSpec{}
	_ = proto.Unmarshal(raw, spec)
	return spec
}

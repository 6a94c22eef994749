package cluster

import (
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxTakeovers bounds what is remembered of changes of owners, over all buses: a gateway with
// ten thousand devices that dies makes ten thousand.
const maxTakeovers = 1 << 14

// takeover is an owner of a bus that was replaced.
type takeover struct {
	bus   string
	owner Owner
	since int64 // Unix nanoseconds of the hub
}

// takeovers remembers the owners that were replaced last. Its methods may be called concurrently.
type takeovers struct {
	mu   sync.Mutex
	ring []takeover
	next int // where the oldest is, once the ring is full
}

// note remembers an owner that is replaced, and forgets the oldest one.
func (t *takeovers) note(change takeover) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < maxTakeovers {
		t.ring = append(t.ring, change)
		return
	}
	t.ring[t.next] = change
	t.next = (t.next + 1) % maxTakeovers
}

// of returns what is remembered of a bus, the oldest first.
func (t *takeovers) of(bus string) []*roostv1.Takeover {
	t.mu.Lock()
	defer t.mu.Unlock()
	var found []*roostv1.Takeover
	for i := range t.ring {
		if c := &t.ring[(t.next+i)%len(t.ring)]; c.bus == bus {
			found = append(found, c.message())
		}
	}
	return found
}

// Takeovers returns the changes of a bus's owner that are remembered, the present one included, the
// oldest first.
func (p *Picture) Takeovers(bus string) []*roostv1.Takeover {
	var all []*roostv1.Takeover
	if p.takeovers != nil {
		all = p.takeovers.of(bus)
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if b := p.buses[bus]; b != nil && b.sequence > 0 {
		all = append(all, (&takeover{owner: b.value, since: b.since}).message())
	}
	return all
}

func (t *takeover) message() *roostv1.Takeover {
	return &roostv1.Takeover{
		At: timestamppb.New(time.Unix(0, t.since)), Epoch: t.owner.Epoch,
		Gateway: t.owner.Gateway, Incarnation: t.owner.Incarnation, HandedOverBy: t.owner.From,
	}
}

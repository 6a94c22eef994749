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

// takeover is a change of a bus's owner.
type takeover struct {
	bus   string
	owner Owner
	at    int64 // Unix nanoseconds of the hub
}

// takeovers remembers the last changes of owners. Its methods may be called concurrently.
type takeovers struct {
	mu   sync.Mutex
	ring []takeover
	next int // where the oldest is, once the ring is full
}

// note remembers a change, and forgets the oldest one.
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

func (c *takeover) message() *roostv1.Takeover {
	return &roostv1.Takeover{
		At: timestamppb.New(time.Unix(0, c.at)), Epoch: c.owner.Epoch,
		Gateway: c.owner.Gateway, Incarnation: c.owner.Incarnation, HandedOverBy: c.owner.From,
	}
}

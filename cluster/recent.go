package cluster

import (
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxRecent bounds the events that a gateway remembers, over all of its devices.
const maxRecent = 1 << 13

// recentEvents are the last events of this gateway that are about a device or a bus. Its methods may
// be called concurrently.
type recentEvents struct {
	mu   sync.Mutex
	ring []*roostv1.Event
	next int // where the oldest is, once the ring is full
}

// note remembers an event, and forgets the oldest one. The event is not changed afterwards.
func (r *recentEvents) note(e *roostv1.Event) {
	if e.GetDeviceId() == "" && e.GetBus() == "" {
		return
	}
	if e.At == nil {
		e = proto.CloneOf(e)
		e.At = timestamppb.Now()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, e)
		return
	}
	r.ring[r.next] = e
	r.next = (r.next + 1) % maxRecent
}

// of returns what is remembered of a device and its bus, the oldest first.
func (r *recentEvents) of(device, bus string) []*roostv1.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []*roostv1.Event
	for i := range r.ring {
		e := r.ring[(r.next+i)%len(r.ring)]
		if e.DeviceId == device || e.DeviceId == "" && e.Bus == bus {
			found = append(found, e)
		}
	}
	return found
}

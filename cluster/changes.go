package cluster

import (
	"maps"
	"slices"
	"sync"
)

// Changes tells what changed in a picture. However much changes, and however slow whoever
// watches is, following the stream is never held up: what changed several times since
// the last Take is told once.
//
// Changes of devices are told as those of their buses: what is to be done about a bus depends
// on its owner and on its devices.
type Changes struct {
	picture *Picture
	kinds   []Kind        // that are told; none: all
	ready   chan struct{} // holds a token while there may be something to take

	mu    sync.Mutex
	dirty map[Key]struct{}
}

// Watch returns the changes of these kinds from now on, or of all if none is given, beginning
// with all that is in the picture. Close it after use.
func (p *Picture) Watch(kinds ...Kind) *Changes {
	c := &Changes{picture: p, kinds: kinds, ready: make(chan struct{}, 1), dirty: map[Key]struct{}{}}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchers[c] = struct{}{}
	p.markAllLocked(c.mark)
	return c
}

// Close ends the watch.
func (c *Changes) Close() {
	c.picture.mu.Lock()
	defer c.picture.mu.Unlock()
	delete(c.picture.watchers, c)
}

// Ready is readable when there may be something to take.
func (c *Changes) Ready() <-chan struct{} { return c.ready }

// Take returns what changed since the last Take, in no order.
func (c *Changes) Take() []Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ready:
	default:
	}
	keys := slices.Collect(maps.Keys(c.dirty))
	c.dirty = map[Key]struct{}{} // cleared, it would keep the size of the first listing
	return keys
}

func (c *Changes) mark(key Key) {
	if len(c.kinds) > 0 && !slices.Contains(c.kinds, key.Kind) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty[key] = struct{}{}
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// markLocked tells all watchers of a change.
func (p *Picture) markLocked(key Key) {
	for c := range p.watchers {
		c.mark(key)
	}
}

// markAllLocked calls mark for all that is in the picture.
func (p *Picture) markAllLocked(mark func(Key)) {
	for id := range p.profiles {
		mark(Key{KindProfile, id})
	}
	for id := range p.members {
		mark(Key{KindMember, id})
	}
	for id := range p.buses {
		mark(Key{KindBus, id})
	}
	for key := range p.commands {
		mark(Key{KindCommand, key})
	}
	for id := range p.desired {
		mark(Key{KindDesired, id})
	}
	for name := range p.grants {
		mark(Key{KindAccess, name})
	}
}

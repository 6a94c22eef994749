package answer

import (
	"sync"
)

// Desks are those of a driver. They outlive sessions, as what is owed does. It may be used by any number of goroutines; the zero
// value is empty.
type Desks[Key comparable] struct {
	mu    sync.Mutex
	desks map[Key]*Desk
}

// Join returns the desk of a key, for a session. Give it back with Leave.
func (d *Desks[Key]) Join(key Key) *Desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.desks == nil {
		d.desks = make(map[Key]*Desk)
	}
	for other, desk := range d.desks {
		if other != key && desk.users == 0 && !desk.owes() {
			delete(d.desks, other)
		}
	}
	desk := d.desks[key]
	if desk == nil {
		desk = new(Desk)
		d.desks[key] = desk
	}
	desk.users++
	return desk
}

// Leave gives a desk back. It is kept for as long as it owes an answer.
func (d *Desks[Key]) Leave(desk *Desk) {
	d.mu.Lock()
	defer d.mu.Unlock()
	desk.users--
}

func (d *Desk) owes() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.owedLocked() > 0 || len(d.waiting) > 0
}

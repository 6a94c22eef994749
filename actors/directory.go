package actors

import (
	"slices"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// directory knows the supervisor of every device that the gateway serves, by its id. So does another one the actor of every bus.
//
// Concurrency: all methods may be called by any goroutine.
type directory struct {
	mu      sync.RWMutex // guards all below
	devices map[string]*actor.PID
	sorted  []string // ids in byte order; nil when it must be made anew
}

func newDirectory() *directory { return &directory{devices: make(map[string]*actor.PID)} }

func (d *directory) add(id string, pid *actor.PID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.devices[id] = pid
	d.sorted = nil
}

// remove forgets the device, if it still has this supervisor.
func (d *directory) remove(id string, pid *actor.PID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.devices[id] == pid {
		delete(d.devices, id)
		d.sorted = nil
	}
}

// find returns the device's supervisor; nil if the device is not served here.
func (d *directory) find(id string) *actor.PID {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.devices[id]
}

// page returns up to limit devices with ids after the given one, and whether there
// are more.
func (d *directory) page(after string, limit int) (pids []*actor.PID, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sorted == nil {
		d.sorted = make([]string, 0, len(d.devices))
		for id := range d.devices {
			d.sorted = append(d.sorted, id)
		}
		slices.Sort(d.sorted)
	}
	from, found := slices.BinarySearch(d.sorted, after)
	if found {
		from++
	}
	to := min(from+limit, len(d.sorted))
	for _, id := range d.sorted[from:to] {
		pids = append(pids, d.devices[id])
	}
	return pids, to < len(d.sorted)
}

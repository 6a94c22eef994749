package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// watches knows who watches which device.
//
// Concurrency: all methods may be called by any goroutine.
type watches struct {
	env   *env
	peers Peers

	mu      sync.Mutex
	devices map[string]*deviceWatch // by device id
}

// A deviceWatch is the one watch of a device, for all who watch it. Its fields are guarded
// by the mutex of watches.
type deviceWatch struct {
	pid      *actor.PID
	watchers map[string]*actor.PID // by address and id
	prune    int                   // look for dead watchers when there are so many
	cancel   func()                // nil until Peers has answered
}

// add lets a watcher be told of the device's end. To watch twice is to watch once.
func (w *watches) add(pid, watcher *actor.PID) {
	if watcher == nil {
		return
	}
	w.mu.Lock()
	d := w.devices[pid.Id]
	if d != nil {
		d.addLocked(w.env, watcher)
		w.mu.Unlock()
		return
	}
	d = &deviceWatch{pid: pid, watchers: make(map[string]*actor.PID)}
	d.addLocked(w.env, watcher)
	w.devices[pid.Id] = d
	w.mu.Unlock()

	cancel := w.peers.Watch(pid.Id, func(known bool) { w.ended(d, known) })
	w.mu.Lock()
	over := w.devices[pid.Id] != d
	d.cancel = cancel
	w.mu.Unlock()
	if over { // it ended, or nobody watches any more
		cancel()
	}
}

// addLocked adds a watcher. Those that have died meanwhile are forgotten now and then: an actor's
// end does not end its watches.
func (d *deviceWatch) addLocked(e *env, watcher *actor.PID) {
	if len(d.watchers) >= max(d.prune, 8) {
		for name, pid := range d.watchers {
			if _, alive := e.system.ProcessRegistry.Get(pid); !alive {
				delete(d.watchers, name)
			}
		}
		d.prune = 2 * len(d.watchers)
	}
	d.watchers[nameOf(watcher)] = watcher
}

// remove lets a watcher not be told any more.
func (w *watches) remove(pid, watcher *actor.PID) {
	if watcher == nil {
		return
	}
	w.mu.Lock()
	d := w.devices[pid.Id]
	if d == nil {
		w.mu.Unlock()
		return
	}
	delete(d.watchers, nameOf(watcher))
	var cancel func()
	if len(d.watchers) == 0 {
		delete(w.devices, pid.Id)
		cancel = d.cancel
	}
	w.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// ended tells all watchers that the device has ended.
func (w *watches) ended(d *deviceWatch, known bool) {
	w.mu.Lock()
	if w.devices[d.pid.Id] != d {
		w.mu.Unlock()
		return
	}
	delete(w.devices, d.pid.Id)
	watchers := d.watchers
	w.mu.Unlock()
	why := actor.TerminatedReason_Stopped
	if !known {
		why = actor.TerminatedReason_NotFound
	}
	for _, watcher := range watchers {
		if process, alive := w.env.system.ProcessRegistry.Get(watcher); alive {
			process.SendSystemMessage(watcher, &actor.Terminated{Who: d.pid, Why: why})
		}
	}
}

func nameOf(pid *actor.PID) string { return pid.Address + "/" + pid.Id }

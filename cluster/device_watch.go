package cluster

import (
	"maps"
	"slices"
	"sync"
)

// deviceWatches tells of the end of devices. A device is looked at when its bus changes, so that
// a watch costs nothing while nothing happens.
//
// Concurrency: all methods may be called concurrently.
type deviceWatches struct {
	picture *Picture

	mu    sync.Mutex                           // guards all below
	buses map[string]map[*deviceWatch]struct{} // "": those whose bus is not known yet
}

// A deviceWatch is one watch of a device.
type deviceWatch struct {
	device string
	ended  func(known bool)
	bus    string // guarded by the mutex of deviceWatches, as the next one
	known  bool
}

func newDeviceWatches(picture *Picture) *deviceWatches {
	return &deviceWatches{picture: picture, buses: make(map[string]map[*deviceWatch]struct{})}
}

func (ws *deviceWatches) add(device string, ended func(known bool)) (cancel func()) {
	w := &deviceWatch{device: device, ended: ended}
	ws.mu.Lock()
	ws.putLocked(w)
	ws.mu.Unlock()
	ws.lookAt(w)
	return func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		ws.removeLocked(w)
	}
}

// look looks at the devices of a bus that are watched.
func (ws *deviceWatches) look(bus string) {
	ws.mu.Lock()
	all := slices.Collect(maps.Keys(ws.buses[bus]))
	ws.mu.Unlock()
	for _, w := range all {
		ws.lookAt(w)
	}
}

// lookAt tells of the device's end if it has come.
func (ws *deviceWatches) lookAt(w *deviceWatch) {
	for ws.lookOnce(w) {
	}
}

// lookOnce looks at a device once, and reports whether it is to be looked at again: it is now
// watched with its bus, which may have changed before. Whoever takes the watch out tells of the end.
func (ws *deviceWatches) lookOnce(w *deviceWatch) (again bool) {
	now, bus := ws.picture.presence(w.device)
	ws.mu.Lock()
	known, ended := w.known, false
	switch now {
	case presenceGone:
		ended = ws.removeLocked(w)
	case presenceThere:
		w.known = true
		if w.bus != bus && ws.removeLocked(w) {
			w.bus = bus
			ws.putLocked(w)
			again = true
		}
	}
	ws.mu.Unlock()
	if ended {
		w.ended(known)
	}
	return again
}

func (ws *deviceWatches) putLocked(w *deviceWatch) {
	all := ws.buses[w.bus]
	if all == nil {
		all = make(map[*deviceWatch]struct{})
		ws.buses[w.bus] = all
	}
	all[w] = struct{}{}
}

// removeLocked takes a watch out, and reports whether it was in.
func (ws *deviceWatches) removeLocked(w *deviceWatch) bool {
	all := ws.buses[w.bus]
	if _, ok := all[w]; !ok {
		return false
	}
	delete(all, w)
	if len(all) == 0 {
		delete(ws.buses, w.bus)
	}
	return true
}

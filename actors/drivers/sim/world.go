package sim

import (
	"sync"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// World is the simulated hardware, by device id. A piece comes into being when its
// device is first opened, and then stays, whoever opens and closes sessions with
// it. Gateways of one process that are to reach the same hardware share a World.
// All methods may be called concurrently.
type World struct {
	log recorder

	mu       sync.Mutex
	hardware map[string]*hardware
}

// NewWorld returns a world without hardware.
func NewWorld() *World {
	return &World{hardware: make(map[string]*hardware)}
}

// Log returns what the hardware wrote down: every action that reached a device, in
// the order in which they did, whether it was carried out or refused. It says nothing of
// actions that never reached one, such as those with the faults not_sent, error and
// panic.
func (w *World) Log() []Record { return w.log.all() }

// Value returns what a resource of a device is at present, without a session and
// without being counted as a sample; false if there is no such device, or nothing to
// read by that name.
func (w *World) Value(device, resource string) (*roostv1.Value, bool) {
	h := w.find(device)
	if h == nil {
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	v := h.machinery.read(resource, h.momentLocked())
	return v, v != nil
}

// Break gives a device a fault from now on, such as "poll.hang", with its schedule, whose
// calls and times count from now. It takes the place of the same fault that
// the device had before; an empty schedule only ends that one. The error is ErrNotFound
// for a device that was never opened, and ErrInvalid for what cannot be understood.
func (w *World) Break(device, fault, schedule string) error {
	h := w.find(device)
	if h == nil {
		return roostv1.Errorf(roostv1.ErrNotFound, "device %s was never opened", device)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.plan.without(fault)
	if schedule != "" {
		t, err := parseFault(h.kind, fault, schedule)
		if err != nil {
			return roostv1.Errorf(roostv1.ErrInvalid, "break %s of device %s: %v", fault, device, err)
		}
		t.since = time.Now()
		kept = append(kept, t)
	}
	h.plan = kept
	return nil
}

// Release ends all calls of a device that hang at present.
func (w *World) Release(device string) {
	h := w.find(device)
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.released)
	h.released = make(chan struct{})
}

// Hanging returns how many calls of a device hang at present.
func (w *World) Hanging(device string) int {
	h := w.find(device)
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hanging
}

// Sessions returns how many sessions with a device are open at present.
func (w *World) Sessions(device string) int {
	h := w.find(device)
	if h == nil {
		return 0
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sessions
}

// find returns the hardware of that device, or nil.
func (w *World) find(device string) *hardware {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hardware[device]
}

// power returns the hardware of that device, as its address describes it.
func (w *World) power(device string, a address) *hardware {
	w.mu.Lock()
	h := w.hardware[device]
	if h == nil {
		h = &hardware{id: device, log: &w.log, released: make(chan struct{})}
		// Configured before anybody can find it.
		h.configure(a)
		w.hardware[device] = h
		w.mu.Unlock()
		return h
	}
	w.mu.Unlock()
	h.configure(a)
	return h
}

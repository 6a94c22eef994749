package actors

import "sync"

// A wire counts the driver calls that use one bus, in their turn or beside it (a session's Push and
// Close), so that the bus does not end before the last of them has returned or was abandoned. Actors
// alone cannot tell: protoactor stops them without waiting for what they began.
//
// Invariant: once a closed wire is free, it stays free. [TestWithdrawWaitsForTheDriver]
type wire struct {
	mu    sync.Mutex // guards all below
	calls int
	free  func() // told once when closed and without calls; nil while it is open
}

// enter lets a call use the bus; false if the bus has ended. A call that still runs may have another
// follow it, as Close follows an Open that came too late.
func (w *wire) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.free != nil && w.calls == 0 {
		return false
	}
	w.calls++
	return true
}

// leave ends what enter began.
func (w *wire) leave() {
	w.mu.Lock()
	w.calls--
	free := w.free
	if w.calls > 0 {
		free = nil
	}
	w.mu.Unlock()
	if free != nil {
		free()
	}
}

// close tells free, which must not block, as soon as no call uses the bus. It is called once.
func (w *wire) close(free func()) {
	w.mu.Lock()
	w.free = free
	none := w.calls == 0
	w.mu.Unlock()
	if none {
		free()
	}
}

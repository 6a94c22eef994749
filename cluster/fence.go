package cluster

import (
	"context"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// errSuspended ends what was begun under a lease that has run out.
var errSuspended = roostv1.Errorf(roostv1.ErrSuspended, "the lease has run out")

// Fence bounds what a gateway does to devices that others can reach too: it is open until the
// instant up to which the gateway's lease lets it act. It is given to whoever acts. Its
// methods may be called concurrently.
//
// It reads the clock itself, since the timers of Go stand still while the machine sleeps. What has
// begun is ended by a context, and that by a timer: whoever was stopped in the middle of an act may
// come to its next instruction before that.
type Fence struct {
	clock boottime.Clock

	mu   sync.Mutex
	at   boottime.Instant // from when on nothing is to be done; 0: always
	open context.Context  // ends when the fence shuts; nil while it is shut
	shut context.CancelCauseFunc
	wake *time.Timer // shuts it, should nobody come to set it
}

func newFence(clock boottime.Clock) *Fence { return &Fence{clock: clock} }

// Enter asks whether a shared device may be acted on now, and returns a context for the act:
// derived from ctx, and ended, with a cause, when the lease was not renewed in time. It is false
// when that is the case already. leave frees what Enter took.
func (f *Fence) Enter(ctx context.Context) (act context.Context, leave context.CancelFunc, ok bool) {
	open := f.opening()
	if open == nil {
		return ctx, func() {}, false
	}
	act, end := context.WithCancelCause(ctx)
	unhook := context.AfterFunc(open, func() { end(context.Cause(open)) })
	return act, func() { unhook(); end(nil) }, true
}

// Open reports whether a shared device may be acted on now.
func (f *Fence) Open() bool { return f.opening() != nil }

// opening returns what ends when the fence shuts; nil if it is shut.
func (f *Fence) opening() context.Context {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.open == nil || past(f.clock.Now(), f.at) { // read under the lock: after all that decides
		return nil
	}
	return f.open
}

// past reports whether nothing is to be done any more; 0 is always past.
func past(now, at boottime.Instant) bool {
	return !now.Before(at) && (at == 0 || !mutant("no-self-fence") && !mutant("no-fence"))
}

// set moves the fence. What was begun under a lease that has lapsed meanwhile ends, also if there is
// a new one by now.
func (f *Fence) set(at boottime.Instant) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if f.open != nil && past(now, min(f.at, at)) {
		f.shut(errSuspended)
		f.open, f.shut = nil, nil
	}
	f.at = at
	if f.open == nil && now.Before(at) {
		f.open, f.shut = context.WithCancelCause(context.Background())
	}
	f.wakeLocked(now)
}

// wakeLocked has the fence shut in time, also if whoever sets it is held up.
func (f *Fence) wakeLocked(now boottime.Instant) {
	switch {
	case f.open == nil:
	case f.wake == nil:
		f.wake = time.AfterFunc(f.at.Sub(now), f.lapse)
	default:
		f.wake.Reset(f.at.Sub(now))
	}
}

// lapse shuts the fence if its instant has come.
func (f *Fence) lapse() {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if f.open == nil || !past(now, f.at) {
		f.wakeLocked(now)
		return
	}
	f.shut(errSuspended)
	f.open, f.shut = nil, nil
}

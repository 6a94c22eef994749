package actors

import (
	"context"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// callGrace is how long after the end of its context a driver call may take to
// return before it is abandoned.
const callGrace = time.Second

// A call is one use of a driver: it runs outside of Receive, under a context with a
// deadline, and its end comes back as a message.
//
//	waiting --start--> running --returns--> ended
//	   |                  `--ignores its context for callGrace--> abandoned --returns--> ended
//	   `--cancel--> ended (it never ran)
type call struct {
	// class orders calls that wait for a turn on the bus.
	class callClass
	// device that it is for.
	device string
	// opens is whether it opens a session.
	opens bool
	// asked is when it began to wait for its turn.
	asked instant
	// wire that it uses while it runs; nil: none.
	wire *wire
	// unwanted reports, while it waits, whether its turn would be for nothing; nil: it would not.
	unwanted func() bool
	// timeout of the context; 0: none, it runs until it is cancelled.
	timeout time.Duration
	// work is the use of the driver.
	work func(context.Context) (any, error)
	// end is told once: what work returned, or that it panicked, never ran or
	// was abandoned. late is told what an abandoned work returned after all; it
	// may be nil. Both are called from any goroutine and must not block.
	end, late func(outcome)

	mu     sync.Mutex
	state  callState
	cancel context.CancelFunc // set once running
	over   func(outcome)      // set once running: the turn is over; may be nil
	watch  *time.Timer        // abandons it
	begun  time.Time
}

type callState uint8

const (
	callWaiting callState = iota
	callRunning
	callAbandoned
	callEnded
)

// An outcome is how a call ended.
type outcome struct {
	value any
	err   error
	// abandoned is true for a call that ignored its context.
	abandoned bool
	// took is how long it held its turn.
	took time.Duration
}

// calls runs driver calls and knows how many have not returned.
type calls struct {
	ctx       context.Context // parent of every call's; ends with the gateway
	abandoned atomic.Int64    // calls abandoned and not returned to this moment

	mu       sync.Mutex         // guards all below
	all      map[*call]struct{} // those neither returned nor abandoned
	none     *sync.Cond         // told when all is empty
	stopping bool               // what starts now is cancelled at once
}

func newCalls(ctx context.Context) *calls {
	r := &calls{ctx: ctx, all: make(map[*call]struct{})}
	r.none = sync.NewCond(&r.mu)
	return r
}

// start runs the call unless it was cancelled or its bus has ended, and reports whether it does.
// over is called, after end, when the call no longer uses the medium; it may be nil.
func (r *calls) start(c *call, over func(outcome)) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != callWaiting || c.wire != nil && !c.wire.enter() {
		return false
	}
	var ctx context.Context
	if c.timeout > 0 {
		ctx, c.cancel = context.WithTimeout(r.ctx, c.timeout)
		c.watch = time.AfterFunc(c.timeout+callGrace, func() { r.abandon(c) })
	} else {
		ctx, c.cancel = context.WithCancel(r.ctx)
	}
	c.state, c.over, c.begun = callRunning, over, time.Now()
	if r.add(c) {
		r.cancelLocked(c)
	}
	go r.run(ctx, c)
	return true
}

// add notes a call that runs, and reports whether it comes when all are to end.
func (r *calls) add(c *call) (late bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[c] = struct{}{}
	return r.stopping
}

// remove is the last of a call that has returned or was abandoned.
func (r *calls) remove(c *call) {
	if c.wire != nil {
		c.wire.leave()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, c)
	if len(r.all) == 0 {
		r.none.Broadcast()
	}
}

// stopAll cancels every running call and waits until each has returned or was
// abandoned, so for callGrace at most; and as long again where a session that opened only then
// must be closed.
func (r *calls) stopAll() {
	r.mu.Lock()
	r.stopping = true
	running := slices.Collect(maps.Keys(r.all))
	r.mu.Unlock()
	for _, c := range running {
		r.stop(c)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.all) > 0 {
		r.none.Wait()
	}
}

func (r *calls) run(ctx context.Context, c *call) {
	o := outcome{err: panicked{value: "the driver ended its goroutine"}}
	defer func() { r.returned(c, o) }() // also when work calls runtime.Goexit
	o.value, o.err = protect(ctx, func(ctx context.Context) (any, error) {
		failpoint("driver.call", c.device)
		return c.work(ctx)
	})
}

// stop cancels a call: one that waits never runs, one that runs sees its context
// end and has callGrace to return. Stopping twice, or after the end, does nothing.
func (r *calls) stop(c *call) {
	if c == nil {
		return
	}
	c.mu.Lock()
	waiting := c.state == callWaiting
	switch c.state {
	case callWaiting:
		c.state = callEnded
	case callRunning:
		r.cancelLocked(c)
	}
	c.mu.Unlock()
	if waiting {
		c.end(outcome{err: context.Canceled})
	}
}

// isOver reports whether the call has ended, or was abandoned.
func (c *call) isOver() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == callEnded || c.state == callAbandoned
}

// cancelLocked ends the context of a running call.
func (r *calls) cancelLocked(c *call) {
	c.cancel()
	if c.watch == nil || c.watch.Stop() {
		c.watch = time.AfterFunc(callGrace, func() { r.abandon(c) })
	}
}

// returned ends a call whose work has returned.
func (r *calls) returned(c *call, o outcome) {
	c.mu.Lock()
	c.cancel()
	was := c.state
	c.state = callEnded
	o.took = time.Since(c.begun)
	if c.watch != nil {
		c.watch.Stop()
	}
	c.mu.Unlock()
	if was == callAbandoned {
		r.abandoned.Add(-1)
		if c.late != nil {
			c.late(o)
		}
		return
	}
	r.ended(c, o)
}

// abandon ends a call whose work goes on regardless.
func (r *calls) abandon(c *call) {
	c.mu.Lock()
	if c.state != callRunning {
		c.mu.Unlock()
		return
	}
	c.state = callAbandoned
	o := outcome{
		err:       roostv1.Errorf(roostv1.ErrHung, "the driver ignored its deadline for %v and was abandoned", callGrace),
		abandoned: true,
		took:      time.Since(c.begun),
	}
	c.mu.Unlock()
	r.abandoned.Add(1)
	r.ended(c, o)
}

// ended tells the end of a call, and then that its turn is over.
func (r *calls) ended(c *call, o outcome) {
	defer r.remove(c)
	c.end(o)
	if c.over != nil {
		c.over(o)
	}
}

// protect runs work and turns a panic into an error.
func protect(ctx context.Context, work func(context.Context) (any, error)) (value any, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			value, err = nil, panicked{value: reason, stack: debug.Stack()}
		}
	}()
	return work(ctx)
}

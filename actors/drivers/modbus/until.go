package modbus

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// end ends what waits for a port when a context ends, also before its deadline. It is one for all requests of a call.
type end struct {
	unhook func() bool
	ended  chan struct{} // closed when the end has come, and been dealt with

	mu   sync.Mutex
	port port // what waits now; nil: nothing does
	over bool // the context is
}

// endOf returns the end of a context, which is given back by stop.
func endOf(ctx context.Context) *end {
	e := &end{ended: make(chan struct{})}
	e.unhook = context.AfterFunc(ctx, func() {
		defer close(e.ended)
		e.mu.Lock()
		defer e.mu.Unlock()
		e.over = true
		if e.port != nil {
			_ = e.port.SetDeadline(past)
		}
	})
	return e
}

func (e *end) stop() {
	if !e.unhook() {
		<-e.ended
	}
}

// past is a deadline that ends at once what waits.
var past = time.Unix(1, 0)

// slack is how much later than it is due a port's deadline may come. It saves one for each request.
const slack = time.Millisecond

// arm gives the port a deadline.
func (l *line) arm(at time.Time) error {
	l.armed = at
	return l.port.SetDeadline(at)
}

// endWith ends with a context, and when it is too late, what waits for the port, until endless is called. There is no timer for a request
// but the port's, and that is left as it is where it does.
func (l *line) endWith(ctx context.Context, e *end, late time.Time) {
	if due, ok := ctx.Deadline(); ok && due.Before(late) {
		late = due
	}
	if l.armed.Before(late) || l.armed.After(late.Add(slack)) {
		_ = l.arm(late.Add(slack)) // where it fails, so does what comes next
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.port = l.port
	if e.over {
		_ = l.arm(past)
	}
}

// endless undoes endWith. From then on, the context does not end what comes after it.
func (l *line) endless(e *end) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.port = nil
	if e.over {
		l.armed = time.Time{}
	}
}

// tooLate tells whose deadline it was: the context's, or the device's.
func tooLate(ctx context.Context, q query, late time.Time) error {
	if end, ok := ctx.Deadline(); ok && end.Before(late) {
		<-ctx.Done()
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return fmt.Errorf("unit %d did not answer within %v", q.unit, q.reply)
}

// over is why a context has ended; nil if it has not.
func over(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return context.Cause(ctx)
}

// rest lets the line rest from now on.
func (l *line) rest(d time.Duration) {
	if d > 0 {
		l.free = time.Now().Add(d)
	}
}

// rested waits until the line has, or ends with the context.
func (l *line) rested(ctx context.Context) error {
	if l.free.IsZero() {
		return over(ctx)
	}
	d := time.Until(l.free)
	if d <= 0 {
		return over(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

package actors

import (
	"context"
	"errors"
)

// Fence bounds what a gateway may do to devices that other gateways can reach as well. It is
// what the actors need of the gateway's lease.
type Fence interface {
	// Enter asks whether a shared device may be acted on now, and returns a context for
	// the act: derived from ctx, and ended, with a cause, when the lease has not been renewed
	// in time. It is false when that is the case already, by a clock that counts
	// while the machine sleeps. leave frees what Enter took.
	Enter(ctx context.Context) (act context.Context, leave context.CancelFunc, ok bool)
}

// unfenced is the Fence of a gateway that is alone.
type unfenced struct{}

func (unfenced) Enter(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	return ctx, func() {}, true
}

// errSuspended is what a command's call ends with when the gateway has no lease.
var errSuspended = errors.New("the gateway has no lease at present")

// fenceOf returns the fence for a device: one that is attached to this gateway alone needs none.
func (e *env) fenceOf(c *charge) Fence {
	if c.spec.Attached() {
		return unfenced{}
	}
	return e.fence
}

// touchFenceOf returns the fence for what asks of a device and does not act on it: one that takes a single session is not to be
// touched at all without a lease, for by then it is the next owner's. That the gateway is suspended is told in a message, which
// comes too late to whoever was stopped in between.
func (e *env) touchFenceOf(c *charge) Fence {
	if c.spec.ExclusiveSession {
		return e.fenceOf(c)
	}
	return unfenced{}
}

// touching does work under a fence. The error is errSuspended if the fence is shut, or ended it.
func touching(fence Fence, work func(context.Context) (any, error)) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		act, leave, ok := fence.Enter(ctx)
		defer leave()
		if !ok {
			return nil, errSuspended
		}
		value, err := work(act)
		if (value == nil || err != nil) && act.Err() != nil && ctx.Err() == nil {
			return nil, errSuspended
		}
		return value, err
	}
}

package actors

import (
	"sync/atomic"
	"time"
)

// A permit decides, once, whether a command goes on the wire. The driver call asks
// for it right before the first byte; whoever wants the command not to be sent takes it back.
// Exactly one of the two succeeds, so EXPIRED and REJECTED are certain to mean that
// nothing was sent.
type permit struct {
	deadline time.Time // no dispatch at or after it
	state    atomic.Int64
}

const (
	permitOpen    = 0
	permitRevoked = -1 // any other value: the time of dispatch, Unix ns
)

// dispatch reports whether the command may be sent now.
func (p *permit) dispatch(now time.Time) bool {
	if !now.Before(p.deadline) {
		p.revoke()
		return false
	}
	return p.state.CompareAndSwap(permitOpen, now.UnixNano())
}

// revoke takes the permit back and reports whether the command is certain never
// to be sent under it.
func (p *permit) revoke() bool {
	return p.state.CompareAndSwap(permitOpen, permitRevoked) || p.state.Load() == permitRevoked
}

// dispatched returns when the command was dispatched; zero if it was not.
func (p *permit) dispatched() time.Time {
	if at := p.state.Load(); at != permitOpen && at != permitRevoked {
		return time.Unix(0, at)
	}
	return time.Time{}
}

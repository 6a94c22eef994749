package cluster

import (
	"context"
	"sync/atomic"
	"time"
)

// Standing tells whoever watches over a gateway where it stands.
type Standing struct {
	Joined    bool          // it is a member of its fleet
	Suspended bool          // it may not act on shared devices
	Draining  bool          // it takes nothing new
	Departed  bool          // it has left
	Connected bool          // its connection to the hub stands
	Lease     time.Duration // how long it may act without a word of the hub
	Remaining time.Duration // of that; 0 while it is suspended
	// ClockAhead is by how much its wall clock is ahead of the hub's; only if ClockKnown.
	ClockAhead time.Duration
	ClockKnown bool
	// Requests that it has taken since its process began, and those that it refused since too many
	// were being worked on.
	Requests, RequestsRefused uint64
}

// Standing returns where the gateway stands at this moment. It may be called at any time.
func (g *Gateway) Standing() Standing {
	stand := g.keeper.standing()
	s := Standing{
		Joined: stand.joined != 0, Suspended: stand.phase != phaseHolding, Draining: stand.draining, Departed: stand.phase == phaseDeparted,
		Connected: g.config.Conn.IsConnected(), Lease: g.config.Lease.Lease, Remaining: g.fence.left(),
		Requests: g.requests.taken.Load(), RequestsRefused: g.requests.refused.Load(),
	}
	s.ClockAhead, s.ClockKnown = g.hub.Ahead()
	return s
}

// Pulse returns nil when the goroutine that keeps the lease has done something: it never waits for the
// hub. It is nil too before that has begun, and once it has ended. The error is that of ctx.
func (g *Gateway) Pulse(ctx context.Context) error {
	if g.keeper.standing().joined == 0 {
		return nil
	}
	beat := make(chan struct{})
	g.keeper.do(ctx, func() { close(beat) })
	select {
	case <-beat:
		return nil
	case <-g.keeper.over:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// left is how long a shared device may still be acted on.
func (f *Fence) left() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if f.open == nil || !now.Before(f.at) {
		return 0
	}
	return f.at.Sub(now)
}

// requestCounts counts the requests of a gateway.
type requestCounts struct{ taken, refused atomic.Uint64 }

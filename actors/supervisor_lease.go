package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// suspendedFor reports whether a device may not be acted on.
func (e *env) suspendedFor(c *charge) bool { return e.suspended.Load() && !c.spec.Attached() }

// letGo reports whether the device is not to be touched at all: it takes one session only, and
// that is the next owner's.
func (s *supervisor) letGo() bool { return s.suspended && s.charge.spec.ExclusiveSession }

// leaseChanged takes over whether the gateway is suspended.
func (s *supervisor) leaseChanged(ctx actor.Context) {
	was := s.letGo()
	s.suspended = s.env.suspendedFor(s.charge)
	if was && !s.letGo() {
		s.reopen = true
	}
	s.runCommands(ctx)
	s.advance(ctx)
}

// fenced lets go of a device that the fence is shut for, as if the gateway had been told of its suspension. That is
// no failure of the device: it is opened anew once there is a lease.
func (s *supervisor) fenced(ctx actor.Context, msg *fenced) {
	if msg.incarnation != s.incarnation || s.child == nil || s.stopping {
		return
	}
	s.noteFence(ctx, outcome{err: errSuspended})
	s.advance(ctx)
}

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

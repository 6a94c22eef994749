package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
)

// closeSession closes the session of an incarnation that is over.
func (s *supervisor) closeSession(ctx actor.Context) {
	self := ctx.Self()
	session := s.session
	s.session, s.closing = nil, true
	end := func(o outcome) { s.env.send(self, &closed{outcome: o}) }
	s.env.calls.start(s.env.closeCall(s.charge, self, session, s.letGo(), end), nil)
}

// closeOrphan closes a session that nobody uses any more, and does not wait.
func (s *supervisor) closeOrphan(self *actor.PID, session Session) {
	s.env.calls.start(s.env.closeCall(s.charge, self, session, s.letGo(), func(outcome) {}), nil)
}

// closeUnclaimed closes a session that opened when its supervisor had ended: as part of the bus's
// end while that waits for it, and else without a word to a device that may be another gateway's.
func (e *env) closeUnclaimed(c *charge, supervisor *actor.PID, session Session) {
	ignore := func(outcome) {}
	silent := e.suspendedFor(c) && c.spec.ExclusiveSession
	if !e.calls.start(e.closeCall(c, supervisor, session, silent, ignore), nil) {
		late := e.closeCall(c, supervisor, session, true, ignore)
		late.wire = nil
		e.calls.start(late, nil)
	}
}

// closeCall makes the call that closes a session; a silent one says nothing to the device.
func (e *env) closeCall(c *charge, supervisor *actor.PID, session Session, silent bool, end func(outcome)) *call {
	return &call{
		device:  c.spec.Id,
		wire:    c.wire,
		timeout: closeTimeout,
		work: func(ctx context.Context) (any, error) {
			if silent {
				ended, cancel := context.WithCancel(ctx)
				cancel()
				ctx = ended
			}
			return nil, session.Close(ctx)
		},
		end: func(o outcome) {
			if o.abandoned {
				e.send(supervisor, &abandonedCall{what: "close"})
			}
			end(o)
		},
		late: func(outcome) { e.send(supervisor, &returnedCall{what: "close"}) },
	}
}

func (s *supervisor) sessionClosed(ctx actor.Context, o outcome) {
	s.closing = false
	if o.err != nil {
		s.env.logger.Warn("session not closed cleanly", "device", s.charge.spec.Id, "error", o.err)
	}
	s.advance(ctx)
}

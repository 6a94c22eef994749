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
	s.env.calls.start(s.closeCall(self, session, func(o outcome) { s.env.send(self, &closed{outcome: o}) }), nil)
}

// closeOrphan closes a session that nobody uses any more, and does not wait.
func (s *supervisor) closeOrphan(self *actor.PID, session Session) {
	s.env.calls.start(s.closeCall(self, session, func(outcome) {}), nil)
}

func (s *supervisor) closeCall(self *actor.PID, session Session, end func(outcome)) *call {
	env, silent := s.env, s.letGo()
	return &call{
		device:  s.charge.spec.Id,
		wire:    s.charge.wire,
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
				env.send(self, &abandonedCall{what: "close"})
			}
			end(o)
		},
		late: func(outcome) { env.send(self, &returnedCall{what: "close"}) },
	}
}

func (s *supervisor) sessionClosed(ctx actor.Context, o outcome) {
	s.closing = false
	if o.err != nil {
		s.env.logger.Warn("session not closed cleanly", "device", s.charge.spec.Id, "error", o.err)
	}
	s.advance(ctx)
}

package actors

import "github.com/asynkron/protoactor-go/actor"

// Receive implements [actor.Actor].
func (s *supervisor) Receive(ctx actor.Context) {
	defer s.env.contain("supervisor")
	switch msg := ctx.Message().(type) {
	case *actor.Started:
	case *actor.Stopping:
		s.stop(ctx)
	case *actor.Stopped:
		s.box.close()
		s.env.ended(ctx.Self())
	case *crashed:
		s.crashed(ctx, msg)
	case *ended:
		s.childEnded(ctx, msg.who)
	case *charge:
		s.take(ctx, msg)
	case *shut:
		s.shut(ctx, msg.retired)
	default:
		if s.charge != nil && !s.receiveLife(ctx, msg) && !s.receiveReadings(ctx, msg) && !s.receiveCommand(ctx, msg) {
			s.receiveRequest(ctx, msg)
		}
	}
}

// receiveLife handles what is about the life of the device.
func (s *supervisor) receiveLife(ctx actor.Context, msg any) bool {
	switch msg := msg.(type) {
	case *opened:
		s.opened(ctx, msg)
	case *fenced:
		s.fenced(ctx, msg)
	case *changed:
		s.changed(ctx, msg)
	case *closed:
		s.sessionClosed(ctx, msg.outcome)
	case *restartDue:
		s.due = s.due || msg.incarnation == s.incarnation
		s.advance(ctx)
	case *leaseChanged:
		s.leaseChanged(ctx)
	case *permitted:
		s.permitted = s.turnstile != nil
		s.advance(ctx)
	case *openRests:
		s.leaveTurnstile()
	case *abandonedCall:
		s.abandonedCall(msg.what)
	case *returnedCall:
		s.returnedCall(msg.what)
	default:
		return false
	}
	return true
}

// receiveReadings handles what is on its way to the store.
func (s *supervisor) receiveReadings(ctx actor.Context, msg any) bool {
	switch msg := msg.(type) {
	case *sampled:
		s.sampled(ctx, msg)
	case *lost:
		s.lost(msg)
	case *stored:
		s.stored(ctx, msg.err)
	case *storeAgain:
		s.storeAgain(ctx)
	default:
		return false
	}
	return true
}

// receiveCommand handles what is about commands.
func (s *supervisor) receiveCommand(ctx actor.Context, msg any) bool {
	switch msg := msg.(type) {
	case *submit:
		s.submit(ctx, msg)
	case *handed:
		s.handed(ctx, msg)
	case *intended:
		s.intended(ctx, msg)
	case *performed:
		s.performed(ctx, msg)
	case *recorded:
		s.recorded(ctx, msg)
	case *looked:
		s.looked(ctx, msg)
	case *lookDue:
		s.lookDue(ctx, msg)
	case *commandsDue:
		s.runCommands(ctx)
	case *desiredDue:
		s.desiredDue(ctx)
	case *desiredDone:
		s.desiredDone(ctx, msg)
	default:
		return false
	}
	return true
}

// receiveRequest handles what comes from outside.
func (s *supervisor) receiveRequest(ctx actor.Context, msg any) {
	switch msg := msg.(type) {
	case *readWanted:
		s.read(msg)
	case *recordWanted:
		s.recordWanted(msg)
	case *statusWanted:
		msg.answer <- s.status(msg.resources)
	case *viewWanted:
		msg.answer <- s.view()
	case *releaseWanted:
		msg.answer <- s.release(ctx)
	}
}

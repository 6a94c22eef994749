package actors

import (
	"context"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// View is all that a gateway knows of a device that it serves. Nothing of it may be changed.
type View struct {
	Spec    *roostv1.DeviceSpec
	Profile *roostv1.Profile
	Status  *roostv1.DeviceStatus
	Desired *roostv1.Desired // nil: nothing is
}

// View describes one device with its last values, and what it is to be; false if it is not served here.
func (g *Gateway) View(device string) (View, bool) {
	pid := g.env.directory.find(device)
	if pid == nil {
		return View{}, false
	}
	answers := make(chan *View, 1)
	g.env.send(pid, &viewWanted{answer: answers})
	select {
	case v := <-answers:
		if v != nil {
			return *v, true
		}
	case <-time.After(answerTimeout):
	}
	return View{}, false
}

// view answers a View.
func (s *supervisor) view() *View {
	v := &View{Spec: s.charge.spec, Profile: s.charge.model.profile, Status: s.status(true)}
	if s.desire != nil {
		v.Desired = s.desire.wish
	}
	return v
}

// Pulse returns nil when the actor at the top has handled a message: what holds it up holds up
// everything. It is nil too before Run has begun, and once it ends. The error is that of ctx.
func (g *Gateway) Pulse(ctx context.Context) error {
	select {
	case <-g.begun:
	default:
		return nil
	}
	beat := make(chan struct{})
	g.env.send(g.root, &pulse{beat: beat})
	select {
	case <-beat:
		return nil
	case <-g.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

type (
	// viewWanted asks a supervisor for a View; the answer is sent without waiting.
	viewWanted struct {
		control
		answer chan<- *View
	}
	// pulse asks the root whether it handles messages.
	pulse struct {
		control
		beat chan<- struct{} // closed
	}
)

func (v *viewWanted) refuse(error) { v.answer <- nil }

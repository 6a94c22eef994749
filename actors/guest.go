package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// guest runs an actor that is no device: one that the program brought along. When that
// fails, its messages wait, and a new one is made of the same kind, after a delay that grows.
// What it panicked over is lost.
type guest struct {
	boxed
	guests   *guests
	name     string
	produce  actor.Producer
	actor    actor.Actor // the present one
	restarts restarts
	timer    *time.Timer // until the restart
	stopping bool
}

// guestDue lets the next one begin.
type guestDue struct{ control }

// Receive implements [actor.Actor]. It does not contain panics: protoactor suspends
// who panics, and reports it to guests.
func (g *guest) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		g.actor = g.produce()
		g.actor.Receive(ctx)
	case *guestDue:
		if g.stopping {
			return
		}
		g.contained(instead{ctx, &actor.Restarting{}})
		g.actor = g.produce()
		g.actor.Receive(instead{ctx, &actor.Started{}})
	case *actor.Stopping:
		g.stopping = true
		if g.timer != nil {
			g.timer.Stop()
		}
		g.contained(ctx)
	case *actor.Stopped:
		g.contained(ctx)
		g.box.close()
		g.guests.ended(g, ctx.Self())
	default:
		g.actor.Receive(ctx)
	}
}

// contained hands a message of the end to the actor. A panic then would bring it back to life.
func (g *guest) contained(ctx actor.Context) {
	defer g.guests.env.contain("actor " + g.name)
	if g.actor != nil {
		g.actor.Receive(ctx)
	}
}

// instead is an actor's context with another message in it.
type instead struct {
	actor.Context
	message any
}

func (i instead) Message() any { return i.message }

// failed plans the restart. It runs as the guest.
func (g *guest) failed(self *actor.PID, reason any) {
	e := g.guests.env
	policy := (*roostv1.SupervisionPolicy)(nil).Resolve()
	policy.MaxFailures = 1 << 30 // the delay grows to its bound and stays there: there is no quarantine
	delay := g.restarts.failed(policy, e.now(), e.dice()).delay
	e.tell(&roostv1.Event{
		Kind:    roostv1.EventKind_EVENT_KIND_INTERNAL,
		Message: "actor " + g.name + " failed, and is started again in " + round(delay).String(),
		Status:  failureStatus(reason),
	})
	g.timer = time.AfterFunc(delay, func() {
		if process, alive := e.system.ProcessRegistry.Get(self); alive {
			e.send(self, &guestDue{}) // goes before all that waits
			process.SendSystemMessage(self, &actor.ResumeMailbox{})
		}
	})
}

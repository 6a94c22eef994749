package actors

import (
	"github.com/asynkron/protoactor-go/actor"
)

// turnWanted lets a call wait for its turn. A device that is to be opened and rests gives up its place among those that
// are restarted at once: it takes no part in a storm.
func (b *bus) turnWanted(ctx actor.Context, c *call) {
	now := b.env.now()
	b.turns.add(c, now)
	if m := b.member(c.device); c.opens && m != nil && b.turns.rests(c, now) {
		ctx.Send(m.supervisor, &openRests{})
	}
	b.giveTurn(ctx)
}

// giveTurn lets the next call run, if the medium is free.
func (b *bus) giveTurn(ctx actor.Context) {
	for b.current == nil && !b.killed {
		next, at := b.turns.next(b.env.now())
		if next == nil {
			b.wakeAt(ctx, at)
			return
		}
		self, env := ctx.Self(), b.env
		// A call that was cancelled while it waited does not start.
		if env.calls.start(next, func(o outcome) { env.send(self, &turnOver{call: next, outcome: o}) }) {
			b.current, b.began = next, b.env.now()
		}
	}
}

// wakeAt sets the timer to the end of the first rest.
func (b *bus) wakeAt(ctx actor.Context, at instant) {
	if b.rest != nil {
		b.rest.Stop()
		b.rest = nil
	}
	if at != never {
		b.rest = b.env.after(at.until(b.env.now()), ctx.Self(), &turnReady{})
	}
}

func (b *bus) turnOver(ctx actor.Context, msg *turnOver) {
	if msg.call != b.current {
		return
	}
	b.current = nil
	b.turns.over(msg.call, msg.outcome, len(b.members) > 1, b.env.now())
	b.giveTurn(ctx)
}

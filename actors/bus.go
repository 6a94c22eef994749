package actors

import (
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// bus is the actor of one medium: the parent of the supervisors of its devices, and
// the lock on the wire. Every use of a driver that touches the medium waits for its turn
// here, and holds it until it has returned or was abandoned.
type bus struct {
	boxed
	env      *env
	id       string
	epoch    uint64
	members  []member // mostly one, so a slice
	turns    turns
	current  *call // has the turn
	began    instant
	rest     *time.Timer
	shutting bool
	killed   bool // nobody gets a turn any more
	closed   bool // the wire takes no more calls
	wire     wire
	custody  *custody // nil until there was a command
}

// A member is a device on the bus.
type member struct {
	device     string
	supervisor *actor.PID
	leaving    bool       // it was told to stop
	next       *successor // what comes once the supervisor has stopped; set when leaving
}

// A successor is what comes after a supervisor.
type successor struct {
	charge *charge // nil: the device does not come back
	hands  []hand  // commands for it
}

// Receive implements [actor.Actor].
func (b *bus) Receive(ctx actor.Context) {
	defer b.env.contain("bus")
	switch msg := ctx.Message().(type) {
	case *actor.Started:
	case *actor.Stopping:
		b.stop(ctx)
	case *actor.Stopped:
		b.box.close()
		b.env.buses.remove(b.id, ctx.Self())
		b.env.send(parent(ctx.Self()), &busEnded{bus: b.id})
		b.env.actors.Done()
	case *ended:
		b.memberEnded(ctx, msg.who)
	case *assign:
		b.assign(ctx, msg)
	case *shut:
		b.shut(ctx)
	case *kill:
		b.kill(ctx)
	case *wireFree:
		ctx.Stop(ctx.Self())
	case *leaseChanged:
		for _, m := range b.members {
			ctx.Send(m.supervisor, msg)
		}
	case *turnWanted:
		b.turnWanted(ctx, msg.call)
	case *turnOver:
		b.turnOver(ctx, msg)
	case *turnReady:
		b.giveTurn(ctx)
	case *wake:
		b.turns.forget(msg.device)
		b.giveTurn(ctx)
	case *busWanted:
		msg.answer <- b.view()
	case *commandsOf:
		b.commands(ctx, msg)
	case *strayed:
		b.strayed(msg)
	}
}

// assign opens, changes and closes devices until they are what was assigned.
func (b *bus) assign(ctx actor.Context, msg *assign) {
	if b.shutting {
		return
	}
	b.id, b.epoch = msg.assignment.Bus, msg.assignment.Epoch
	b.env.buses.add(b.id, ctx.Self())
	wanted := make(map[string]bool, len(msg.assignment.Devices))
	desired := desiredOf(msg.assignment)
	for _, spec := range msg.assignment.Devices {
		wanted[spec.Id] = true
		b.charge(ctx, &charge{
			spec: spec, model: msg.models[spec.Profile], bus: ctx.Self(), wire: &b.wire, epoch: b.epoch,
			desired: desired[spec.Id],
		})
	}
	for i := range b.members {
		if !wanted[b.members[i].device] {
			b.dismiss(ctx, &b.members[i], true)
		}
	}
}

// charge gives a device to its supervisor, a new one if it has none.
func (b *bus) charge(ctx actor.Context, c *charge) {
	m := b.member(c.spec.Id)
	switch {
	case m == nil:
		b.hire(ctx, c)
	case m.leaving:
		m.next.charge = c
	default:
		ctx.Send(m.supervisor, c)
	}
}

// hire spawns a supervisor for a device that is new here.
func (b *bus) hire(ctx actor.Context, c *charge) {
	pid := b.env.spawn(b.env.supervisorProps, ctx.Self())
	b.members = append(b.members, member{device: c.spec.Id, supervisor: pid})
	ctx.Send(pid, c) // before anybody else can
	b.env.directory.add(c.spec.Id, pid)
	b.claimStrays(ctx, c.spec.Id)
}

func (b *bus) member(device string) *member {
	for i := range b.members {
		if b.members[i].device == device {
			return &b.members[i]
		}
	}
	return nil
}

// dismiss closes a device in order; retired says that it is on this bus no more.
func (b *bus) dismiss(ctx actor.Context, m *member, retired bool) {
	if m.leaving {
		m.next.charge = nil
		return
	}
	m.leaving, m.next = true, &successor{}
	b.env.directory.remove(m.device, m.supervisor)
	ctx.Send(m.supervisor, &shut{retired: retired})
}

// memberEnded forgets a supervisor that has ended.
func (b *bus) memberEnded(ctx actor.Context, who *actor.PID) {
	i := slices.IndexFunc(b.members, func(m member) bool { return m.supervisor.Equal(who) })
	if i >= 0 {
		m := b.members[i]
		b.members = slices.Delete(b.members, i, i+1)
		b.env.directory.remove(m.device, m.supervisor)
		b.turns.forget(m.device)
		if m.leaving && !b.shutting {
			b.succeed(ctx, m.device, m.next)
		}
	}
	b.endIfEmpty(ctx)
}

// succeed lets come what comes after a supervisor.
func (b *bus) succeed(ctx actor.Context, device string, next *successor) {
	if next.charge != nil {
		b.hire(ctx, next.charge)
	}
	if len(next.hands) > 0 {
		b.hand(ctx, device, next.hands)
	}
}

// shut closes all devices in order, and then the bus.
func (b *bus) shut(ctx actor.Context) {
	b.shutting = true
	for i := range b.members {
		b.dismiss(ctx, &b.members[i], false)
	}
	b.endIfEmpty(ctx)
}

// kill closes the bus without waiting for what its devices still want.
func (b *bus) kill(ctx actor.Context) {
	b.shutting, b.killed = true, true
	for i := range b.members {
		b.members[i].leaving, b.members[i].next = true, &successor{}
	}
	b.stop(ctx)
	b.endIfEmpty(ctx)
}

// endIfEmpty ends the bus when no device is left, and no driver call of one.
func (b *bus) endIfEmpty(ctx actor.Context) {
	if !b.shutting || len(b.members) > 0 || b.closed {
		return
	}
	b.closed = true
	self, env := ctx.Self(), b.env
	b.wire.close(func() { env.send(self, &wireFree{}) })
}

// stop tells all that is left to end at once.
func (b *bus) stop(ctx actor.Context) {
	for _, m := range b.members {
		b.env.directory.remove(m.device, m.supervisor)
		ctx.Stop(m.supervisor)
	}
	if b.rest != nil {
		b.rest.Stop()
	}
	b.env.calls.stop(b.current)
}

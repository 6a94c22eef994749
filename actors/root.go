package actors

import (
	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// root is the actor at the top of a gateway: the parent of its buses. It never dies
// of a child, and stops when all of them have.
type root struct {
	boxed
	env      *env
	buses    map[string]*busEntry
	models   map[string]*model // by profile id
	shutting bool
	empty    func() // called when shutting and no bus is left
}

func newRoot(e *env) *root {
	return &root{env: e, buses: make(map[string]*busEntry), models: make(map[string]*model)}
}

// A busEntry is a bus that is open, or closing.
type busEntry struct {
	pid     *actor.PID
	epoch   uint64
	closing *closing // nil while it is open
}

// closing is what is to happen once a bus has closed.
type closing struct {
	next    *assign           // opens it again; may be nil
	handed  []*commandsOf     // commands for the next one, under its epoch
	waiters []chan<- struct{} // to be closed
}

// To the root.
type (
	assignBus struct {
		control
		assignment *roostv1.Assignment
	}
	withdrawBus struct {
		control
		bus  string
		done chan<- struct{} // closed when the bus has closed
	}
	// killBus stops a bus that does not close in order.
	killBus struct {
		control
		bus string
	}
	// busEnded tells that a bus has stopped, and that no driver call uses it.
	busEnded struct {
		control
		bus string
	}
	// shutRoot closes all buses; done is called when none is left.
	shutRoot struct {
		control
		done func()
	}
)

// Receive implements [actor.Actor].
func (r *root) Receive(ctx actor.Context) {
	defer r.env.contain("gateway")
	switch msg := ctx.Message().(type) {
	case *actor.Stopping:
		for _, e := range r.buses {
			ctx.Stop(e.pid)
		}
	case *actor.Stopped:
		r.box.close()
		r.env.ended(ctx.Self())
	case *busEnded:
		r.busEnded(ctx, msg)
	case *assignBus:
		r.assign(ctx, msg.assignment)
	case *withdrawBus:
		r.withdraw(ctx, msg)
	case *killBus:
		if e := r.buses[msg.bus]; e != nil && e.closing != nil { // else it was opened again since
			ctx.Send(e.pid, &kill{})
		}
	case *commandsOf:
		r.commands(ctx, msg)
	case *leaseChanged:
		for _, e := range r.buses {
			ctx.Send(e.pid, msg)
		}
	case *pulse:
		close(msg.beat)
	case *shutRoot:
		r.shut(ctx, msg.done)
	}
}

func (r *root) assign(ctx actor.Context, a *roostv1.Assignment) {
	if r.shutting {
		return
	}
	msg := &assign{assignment: a, models: r.modelsOf(a)}
	e := r.buses[a.Bus]
	switch {
	case e == nil:
		r.open(ctx, msg)
	case e.closing != nil:
		e.closing.follow(msg)
	case e.epoch != a.Epoch: // sequences start again: nothing of the old epoch may remain
		r.close(ctx, e)
		e.closing.follow(msg)
	default:
		ctx.Send(e.pid, msg)
	}
}

// follow lets the bus be opened again as the assignment says. Commands of another epoch are not its own.
func (c *closing) follow(next *assign) {
	if c.next != nil && c.next.assignment.Epoch != next.assignment.Epoch {
		c.handed = nil
	}
	c.next = next
}

// commands hands commands to their bus, behind its assignment. Those of another epoch are not for it.
func (r *root) commands(ctx actor.Context, msg *commandsOf) {
	e := r.buses[msg.bus]
	switch {
	case e == nil:
	case e.closing == nil && e.epoch == msg.epoch:
		ctx.Send(e.pid, msg)
	case e.closing != nil && e.closing.next != nil && e.closing.next.assignment.Epoch == msg.epoch:
		e.closing.handed = append(e.closing.handed, msg)
	}
}

func (r *root) open(ctx actor.Context, msg *assign) {
	pid := r.env.spawn(r.env.busProps, ctx.Self())
	r.buses[msg.assignment.Bus] = &busEntry{pid: pid, epoch: msg.assignment.Epoch}
	ctx.Send(pid, msg)
}

func (r *root) close(ctx actor.Context, e *busEntry) {
	if e.closing == nil {
		e.closing = &closing{}
		ctx.Send(e.pid, &shut{})
	}
}

func (r *root) withdraw(ctx actor.Context, msg *withdrawBus) {
	e := r.buses[msg.bus]
	if e == nil {
		close(msg.done)
		return
	}
	r.close(ctx, e)
	e.closing.next, e.closing.handed = nil, nil
	e.closing.waiters = append(e.closing.waiters, msg.done)
}

// busEnded forgets a bus that has stopped.
func (r *root) busEnded(ctx actor.Context, msg *busEnded) {
	e := r.buses[msg.bus]
	if e == nil || e.closing == nil {
		return // a bus ends only when it was told to
	}
	delete(r.buses, msg.bus)
	for _, w := range e.closing.waiters {
		close(w)
	}
	if next := e.closing.next; next != nil && !r.shutting {
		r.open(ctx, next)
		for _, msg := range e.closing.handed {
			r.commands(ctx, msg)
		}
	}
	r.endIfEmpty()
}

func (r *root) shut(ctx actor.Context, done func()) {
	r.shutting, r.empty = true, done
	for _, e := range r.buses {
		r.close(ctx, e)
	}
	r.endIfEmpty()
}

func (r *root) endIfEmpty() {
	if r.shutting && len(r.buses) == 0 && r.empty != nil {
		r.empty()
		r.empty = nil
	}
}

// modelsOf returns the models of the assignment's profiles. Devices of one profile
// share one, also across buses.
func (r *root) modelsOf(a *roostv1.Assignment) map[string]*model {
	models := make(map[string]*model, len(a.Profiles))
	for _, p := range a.Profiles {
		m := r.models[p.Id]
		if m == nil || m.profile != p && !proto.Equal(m.profile, p) {
			m = newModel(p)
			r.models[p.Id] = m
		}
		models[p.Id] = m
	}
	return models
}

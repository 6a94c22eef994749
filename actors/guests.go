package actors

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// guestMessages is how many messages may wait for a guest; one more is refused, but for answers of
// devices, which it has asked for.
const guestMessages = 1024

// guests are the actors of a gateway that are no devices.
//
// They run on goroutines of their own kind, which nobody waits for in the end: what they
// do in Receive is theirs, and may take for ever.
//
// Concurrency: all methods may be called by any goroutine.
type guests struct {
	env        *env
	dispatcher *dispatcher

	mu      sync.Mutex           // guards all below
	present map[string]*presence // by name
	pids    map[string]*presence // by the PID's id
	stopped bool                 // no more are taken
	empty   chan struct{}        // closed when stopped and none is left
}

// A presence is a guest that runs.
type presence struct {
	pid   *actor.PID
	guest *guest
}

func newGuests(e *env) *guests {
	return &guests{
		env: e, dispatcher: &dispatcher{}, empty: make(chan struct{}),
		present: make(map[string]*presence), pids: make(map[string]*presence),
	}
}

// Spawn runs an actor of the program's own beside the devices, and returns its PID: for
// controllers, which ask devices by their PIDs. The name is for people, and that of one actor
// at a time: ErrAlreadyExists. produce makes the actor, and a new one each time that
// it panicked; messages wait meanwhile, with a delay that grows. It stops with the gateway,
// which does not wait for it beyond its StopTimeout.
func (g *Gateway) Spawn(ctx context.Context, name string, produce actor.Producer) (*actor.PID, error) {
	if err := roostv1.CheckID("name of the actor", name); err != nil {
		return nil, err
	}
	if produce == nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "actor %s: there is no producer", name)
	}
	if err := g.ready(ctx); err != nil {
		return nil, err
	}
	return g.env.guests.spawn(name, produce)
}

// Send sends a message to an actor from outside of all actors, or to a device, which has nobody to
// answer then: a program asks a device with Ask. The error is ErrInvalid for nil, and
// ErrUnavailable if the gateway does not run; whether the message arrives is not known.
func (g *Gateway) Send(to *actor.PID, message any) error {
	if to == nil || message == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "nil is nothing to send, and nobody to send to")
	}
	select {
	case <-g.begun:
	default:
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s does not run", g.env.id)
	}
	g.env.send(to, message)
	return nil
}

func (g *guests) spawn(name string, produce actor.Producer) (*actor.PID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.stopped:
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", g.env.id)
	case g.present[name] != nil:
		return nil, roostv1.Errorf(roostv1.ErrAlreadyExists, "actor %s runs already", name)
	}
	p := &presence{guest: &guest{guests: g, name: name, produce: produce}}
	// The number makes it a PID of its own: nothing meant for an earlier actor reaches this one.
	id := "actor/" + name + "/" + strconv.FormatUint(g.env.names.Add(1), 36)
	g.pids[id] = p // it may fail before it is known here otherwise
	kind := &mailboxKind{command: guestMessages, work: guestMessages, dispatcher: g.dispatcher}
	props := actor.PropsFromProducer(func() actor.Actor { return p.guest },
		actor.WithGuardian(g), actor.WithMailbox(func() actor.Mailbox { return newMailbox(kind) }))
	pid, err := g.env.system.Root.SpawnNamed(props, id)
	if err != nil {
		delete(g.pids, id)
		return nil, fmt.Errorf("spawn actor %s: %w", name, err)
	}
	p.pid = pid
	g.present[name] = p
	return pid, nil
}

// HandleFailure implements [actor.SupervisorStrategy]. It runs on the goroutine of the failed
// actor, which protoactor has suspended.
func (g *guests) HandleFailure(_ *actor.ActorSystem, _ actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	defer g.env.contain("actors")
	g.mu.Lock()
	p := g.pids[child.Id]
	g.mu.Unlock()
	if p != nil {
		p.guest.failed(child, reason)
	}
}

// ended forgets a guest that has stopped.
func (g *guests) ended(who *guest, pid *actor.PID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.pids, pid.Id)
	delete(g.present, who.name)
	g.closeIfEmptyLocked()
}

func (g *guests) closeIfEmptyLocked() {
	if g.stopped && len(g.present) == 0 {
		close(g.empty)
	}
}

// stop tells all guests to stop; what it returns is closed when they have.
func (g *guests) stop() <-chan struct{} {
	g.mu.Lock()
	g.stopped = true
	all := slices.Collect(maps.Values(g.present))
	g.closeIfEmptyLocked()
	g.mu.Unlock()
	for _, p := range all {
		g.env.system.Root.Stop(p.pid)
	}
	return g.empty
}

// await waits until all guests have stopped, or ctx ends. Those that are left are named.
func (g *guests) await(ctx context.Context, empty <-chan struct{}) error {
	select {
	case <-empty:
		g.dispatcher.stop()
		return nil
	case <-ctx.Done():
	}
	select { // first what is certain
	case <-empty:
		g.dispatcher.stop()
		return nil
	default:
		return g.left()
	}
}

// left names those that did not stop, which are waited for no longer.
func (g *guests) left() error {
	g.dispatcher.leave()
	g.mu.Lock()
	defer g.mu.Unlock()
	names := slices.Sorted(maps.Keys(g.present))
	return fmt.Errorf("gateway %s: actors did not stop and were left: %s", g.env.id, strings.Join(names, ", "))
}

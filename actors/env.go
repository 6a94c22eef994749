package actors

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// env is what all actors of a gateway share. It is made before the first of them and
// not changed afterwards.
type env struct {
	id      string // of the gateway
	started time.Time
	system  *actor.ActorSystem
	drivers map[string]Driver
	store   Store
	fence   Fence
	rights  Rights  // nil: any command may be carried out
	journal Journal // nil: records are kept in memory
	clock   Clock
	hub     Clock // nil: there is no hub whose time readings could have
	boot    BootClock
	uptime  *uptime
	wall    func() time.Time // this machine's wall clock: it decides nothing
	submit  Submitter        // nil: devices here take commands themselves
	events  func(*roostv1.Event)
	logger  *slog.Logger
	dice    func() float64

	dispatcher *dispatcher
	calls      *calls
	storm      *storm
	directory  *directory
	buses      *directory
	devices    *devices
	guests     *guests
	// suspended is whether the gateway has no lease at present.
	suspended atomic.Bool
	// storeFailing is whether the last attempt to store anything failed, so that an
	// outage makes one event and not one a device.
	storeFailing atomic.Bool
	// totals count over all devices.
	totals totals

	rootProps, busProps, supervisorProps, deviceProps *actor.Props
	// actors counts those that have not ended. The tree is kept by the actors
	// themselves: a parent has its own table, and a child tells it of its end. The
	// children that protoactor keeps would cost half a kilobyte a parent, and its
	// Terminated comes twice.
	actors sync.WaitGroup
	names  atomic.Uint64 // given to actors so far
	orders atomic.Uint64 // given to commands that were accepted here
	life   string        // of this process, in nonces
	nonces atomic.Uint64 // given so far
}

// nonce is one that no other write of any gateway has.
func (e *env) nonce() string { return e.life + "." + strconv.FormatUint(e.nonces.Add(1), 36) }

// spawn starts an actor. Names are never used again, so a PID is one incarnation.
func (e *env) spawn(p *actor.Props, parent *actor.PID) *actor.PID {
	name := strconv.FormatUint(e.names.Add(1), 36)
	if parent != nil {
		name = parent.Id + "/" + name
	}
	e.actors.Add(1)
	pid, err := e.system.Root.SpawnNamed(p, name)
	if err != nil { // the name is new, so this is a defect
		e.actors.Done()
		panic(fmt.Errorf("spawn an actor: %w", err))
	}
	return pid
}

// parent returns the parent of an actor, which is in its name; nil for the root.
func parent(pid *actor.PID) *actor.PID {
	i := strings.LastIndexByte(pid.Id, '/')
	if i < 0 {
		return nil
	}
	return actor.NewPID(pid.Address, pid.Id[:i])
}

// ended is called by an actor as the last thing that it does.
func (e *env) ended(self *actor.PID) {
	if p := parent(self); p != nil {
		e.send(p, &ended{who: self})
	}
	e.actors.Done()
}

// HandleFailure implements [actor.SupervisorStrategy]: the failed actor, which protoactor has
// suspended, is reported to its parent, who decides. It runs on the goroutine of the
// failed actor.
func (e *env) HandleFailure(_ *actor.ActorSystem, _ actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	e.send(parent(child), &crashed{who: child, reason: reason})
}

// newProps builds the props that all actors of a kind share: one copy a gateway rather
// than one an actor. What an actor is to be, its first message tells. The bounds are those
// of messages that can be refused; the others are bounded by the actors' own protocol.
func (e *env) newProps() {
	e.rootProps = e.props(64, 64, func() actor.Actor { return newRoot(e) })
	e.busProps = e.props(64, 64, func() actor.Actor { return &bus{env: e} })
	e.supervisorProps = e.props(256, 64, func() actor.Actor { return &supervisor{env: e} })
	e.deviceProps = e.props(16, 256, func() actor.Actor { return &device{env: e} })
}

func (e *env) props(commands, work int, produce actor.Producer) *actor.Props {
	kind := &mailboxKind{command: commands, work: work, dispatcher: e.dispatcher, refused: &e.totals.refused}
	return actor.PropsFromProducer(produce, actor.WithGuardian(e), actor.WithMailbox(func() actor.Mailbox {
		return newMailbox(kind)
	}))
}

// send posts a message to an actor from any goroutine.
func (e *env) send(to *actor.PID, msg any) { e.system.Root.Send(to, msg) }

// after sends a message to an actor later.
func (e *env) after(d time.Duration, to *actor.PID, msg any) *time.Timer {
	return time.AfterFunc(max(d, 0), func() { e.send(to, msg) })
}

// tell completes an event and hands it to the events hook.
func (e *env) tell(event *roostv1.Event) {
	event.At = timestamppb.New(e.wall())
	event.Gateway = e.id
	defer func() {
		if reason := recover(); reason != nil {
			e.logger.Error("events hook panicked", "reason", reason)
		}
	}()
	e.events(event)
}

// contain keeps an actor alive through a panic in its own code: the message is lost,
// the state is kept, and an event tells. Only device actors may fail. It is to be
// deferred in Receive.
func (e *env) contain(what string) {
	reason := recover()
	if reason == nil {
		return
	}
	e.logger.Error("contained a panic", "actor", what, "reason", reason, "stack", string(debug.Stack()))
	e.tell(&roostv1.Event{
		Kind:    roostv1.EventKind_EVENT_KIND_INTERNAL,
		Message: "a message to the " + what + " was dropped, as it caused a panic",
		Status:  failureStatus(reason),
	})
}

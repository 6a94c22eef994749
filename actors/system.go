package actors

import (
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// newSystem makes the gateway's actor system. What protoactor would log is told as events here.
//
// Its stream of events is replaced before anybody uses it: the subscribers that come with it
// start a goroutine of their own for dead letters, which nobody can end, and answer their senders
// with an empty message.
func (e *env) newSystem() *actor.ActorSystem {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	system.EventStream = eventstream.NewEventStream()
	system.EventStream.Subscribe(e.deadLetter)
	system.ProcessRegistry.RegisterAddressResolver(e.devices.resolve) // before anybody is spawned
	return system
}

// deadLetter lets messages that reach a stopped actor be refused rather than disappear, and
// whoever begins to watch one know at once. It runs on the sender's goroutine, which it
// must not harm.
func (e *env) deadLetter(event any) {
	letter, ok := event.(*actor.DeadLetterEvent)
	if !ok {
		return
	}
	defer e.contain("dead letters")
	if watch, ok := letter.Message.(*actor.Watch); ok {
		ended := &actor.Terminated{Who: letter.PID, Why: actor.TerminatedReason_NotFound}
		if watcher, ok := e.system.ProcessRegistry.Get(watch.Watcher); ok {
			watcher.SendSystemMessage(watch.Watcher, ended)
		}
	}
	if r, ok := letter.Message.(refusable); ok {
		r.refuse(roostv1.Errorf(roostv1.ErrUnavailable, "the device is not served here any more"))
	}
}

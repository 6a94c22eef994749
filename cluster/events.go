package cluster

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxEvents bounds the events that wait to be sent. They are for eyes: a burst may lose some,
// and nobody who emits one ever waits.
const maxEvents = 4096

// events tells the fleet what happens at a gateway, over core NATS: nothing keeps them, and
// while the hub is away they are lost.
type events struct {
	nc      *nats.Conn
	subject string
	gateway string
	log     *slog.Logger
	queue   chan *roostv1.Event
	dropped atomic.Uint64
	here    func(*roostv1.Event) // told of each as well; nil: nobody is
	wall    func() time.Time
}

func newEvents(nc *nats.Conn, names Subjects, gateway string, wall func() time.Time, log *slog.Logger) *events {
	return &events{nc: nc, subject: names.Event(gateway), gateway: gateway, log: log, queue: make(chan *roostv1.Event, maxEvents), wall: wall}
}

// emit takes an event without waiting. It is not changed.
func (e *events) emit(event *roostv1.Event) {
	if event == nil {
		return
	}
	if e.here != nil {
		e.here(e.complete(event))
	}
	select {
	case e.queue <- event:
	default:
		e.dropped.Add(1)
	}
}

// run sends events until ctx ends, and then those that are left.
func (e *events) run(ctx context.Context) error {
	for {
		select {
		case event := <-e.queue:
			e.send(event)
		case <-ctx.Done():
			e.rest()
			return nil
		}
		if n := e.dropped.Swap(0); n > 0 {
			e.log.Warn("events dropped: they came faster than they could be sent", "count", n)
		}
	}
}

func (e *events) rest() {
	for {
		select {
		case event := <-e.queue:
			e.send(event)
		default:
			return
		}
	}
}

func (e *events) send(event *roostv1.Event) {
	data, err := proto.Marshal(e.complete(event))
	if err == nil {
		err = e.nc.Publish(e.subject, data)
	}
	if err != nil {
		e.log.Debug("event not sent", "kind", event.Kind.Word(), "error", err)
	}
}

// complete returns the event with its gateway, and its time if it has none, in a copy if
// there is something to fill in.
func (e *events) complete(event *roostv1.Event) *roostv1.Event {
	if event.At != nil && event.Gateway == e.gateway {
		return event
	}
	event = proto.CloneOf(event)
	event.Gateway = e.gateway
	if event.At == nil {
		event.At = timestamppb.New(e.wall())
	}
	return event
}

// Hear has f told of every event of this gateway, also while the hub is away and the fleet cannot
// be. f must not block and must not change them. Hear is called before Run.
func (g *Gateway) Hear(f func(*roostv1.Event)) { g.events.here = f }

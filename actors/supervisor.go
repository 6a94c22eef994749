package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// closeTimeout is how long a session may take to close.
	closeTimeout = 5 * time.Second
	// maxAbandoned is how many driver calls of a device may be abandoned and not
	// returned before it is left alone in quarantine: each one is a goroutine.
	maxAbandoned = 4
)

// supervisor is the parent of one device actor and keeps what must outlive it: the
// session, the outbox, the command queue, the restart policy, the last values.
//
// The device is let crash. protoactor suspends it and reports; the supervisor stops
// it, closes its session, waits as the policy says, queues for the gateway's limit of
// simultaneous restarts, and spawns the next incarnation under a name of its own, so that
// nothing meant for the old one reaches the new.
//
// advance brings this forward: it looks at what is there and does the one next thing,
// so the order in which messages come does not matter.
type supervisor struct {
	boxed
	env    *env
	charge *charge
	state  roostv1.DeviceState

	incarnation uint64
	child       *actor.PID // nil: no device actor
	stopping    bool       // the child was told to stop
	session     Session    // of the present incarnation
	closing     bool       // a session is being closed
	well        bool       // the present incarnation has given a good sign

	restarts    restarts
	lastError   *roostv1.Status
	lastErrorAt time.Time
	nextTry     time.Time   // zero: none is planned
	timer       *time.Timer // until nextTry
	due         bool        // nextTry has come
	turnstile   *turnstile
	permitted   bool // the turnstile has opened
	reopen      bool // begin anew without a failure: the first time, or on a change
	shutting    bool
	retired     bool // the device is nobody's any more; set when shutting
	suspended   bool // the gateway has no lease, and the device is not its alone

	readings readings
	commands *commands               // nil until the first one
	desire   *desire                 // nil: nothing is desired of the device
	waking   *time.Timer             // of the commands
	counters *roostv1.DeviceCounters // nil until there is something to count
	lastSeen int64                   // Unix nanoseconds; 0: never

	storedCount uint64 // readings that the store acknowledged
}

// advance does the next thing on the way to a running device, or to the end.
func (s *supervisor) advance(ctx actor.Context) {
	switch {
	case s.child != nil:
		leaving := (s.shutting || s.reopen) && s.commands.idle() || s.letGo()
		if leaving && !s.stopping {
			s.stopping = true
			ctx.Stop(s.child)
		}
	case s.closing:
	case s.session != nil:
		s.closeSession(ctx)
	case s.shutting:
		s.drain(ctx)
	case s.letGo():
	case s.reopen:
		s.clearWaits()
		s.spawn(ctx)
	case s.due && s.turnstile == nil:
		self := ctx.Self()
		s.turnstile = s.env.storm.enter(func() { s.env.send(self, &permitted{}) })
	case s.due && s.permitted:
		s.due = false
		s.spawn(ctx)
	}
}

// clearWaits forgets a restart that was planned.
func (s *supervisor) clearWaits() {
	if s.timer != nil {
		s.timer.Stop()
	}
	s.due, s.nextTry, s.reopen = false, time.Time{}, false
	s.leaveTurnstile()
}

func (s *supervisor) leaveTurnstile() {
	s.env.storm.leave(s.turnstile)
	s.turnstile, s.permitted = nil, false
}

// spawn starts the next incarnation of the device.
func (s *supervisor) spawn(ctx actor.Context) {
	driver, status := s.driver()
	if status != nil {
		s.leaveTurnstile()
		s.become(roostv1.DeviceState_DEVICE_STATE_MISCONFIGURED, status)
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_FAILED, Message: "not opened: " + status.Message, Status: status})
		s.runCommands(ctx)
		return
	}
	again := s.incarnation > 0 && s.turnstile != nil
	if again {
		failpoint("super.before-restart", s.charge.spec.Id)
	}
	s.incarnation++
	s.nextTry, s.well, s.stopping = time.Time{}, false, false
	s.child = s.env.spawn(s.env.deviceProps, ctx.Self())
	if !s.restarts.quarantined {
		s.become(roostv1.DeviceState_DEVICE_STATE_OPENING, nil)
	}
	if again {
		s.count().Restarts++
		s.env.totals.restarts.Add(1)
		s.tell(&roostv1.Event{
			Kind: roostv1.EventKind_EVENT_KIND_RESTARTED, Attempt: s.restarts.attempt,
			Message: fmt.Sprintf("started again, attempt %d", s.restarts.attempt),
		})
	}
	ctx.Send(s.child, &begin{charge: s.charge, incarnation: s.incarnation, supervisor: ctx.Self(), driver: driver})
}

// become enters a state; status is the last error to show.
func (s *supervisor) become(state roostv1.DeviceState, status *roostv1.Status) {
	s.state = state
	if status != nil {
		s.lastError, s.lastErrorAt = status, s.env.wall()
	}
	s.env.logger.Debug("device "+state.Word(), "device", s.charge.spec.Id, "epoch", s.charge.epoch, "incarnation", s.incarnation)
}

// shut begins to stop in order: what is on the wire ends and is recorded, what waits is answered or left
// to the next owner, what was read is stored.
func (s *supervisor) shut(ctx actor.Context, retired bool) {
	if s.charge == nil {
		ctx.Stop(ctx.Self())
		return
	}
	s.shutting, s.retired = true, retired
	s.clearWaits()
	s.closeCommands()
	s.advance(ctx)
}

// stop frees what is left, after an orderly end or at a hard one.
func (s *supervisor) stop(ctx actor.Context) {
	if s.child != nil {
		ctx.Stop(s.child)
	}
	for _, t := range []*time.Timer{s.timer, s.waking, s.readings.timer} {
		if t != nil {
			t.Stop()
		}
	}
	s.desire.stop()
	s.leaveTurnstile()
	if s.session != nil {
		s.closeOrphan(ctx.Self(), s.session)
	}
	s.abortCommands()
	s.readings.outbox.abort(roostv1.Errorf(roostv1.ErrUnavailable, "the gateway stopped before the readings were stored"))
	if s.charge != nil {
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_CLOSED, Message: "closed"})
	}
}

// tell completes an event about the device.
func (s *supervisor) tell(event *roostv1.Event) {
	event.DeviceId = s.charge.spec.Id
	event.Bus = s.charge.spec.BusID()
	event.Epoch = s.charge.epoch
	s.env.tell(event)
}

// count returns the counters, which most devices never need.
func (s *supervisor) count() *roostv1.DeviceCounters {
	if s.counters == nil {
		s.counters = &roostv1.DeviceCounters{}
	}
	return s.counters
}

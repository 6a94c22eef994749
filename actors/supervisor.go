package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

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

	restarts  restarts
	lastError *roostv1.Status
	nextTry   time.Time   // zero: none is planned
	timer     *time.Timer // until nextTry
	due       bool        // nextTry has come
	turnstile *turnstile
	permitted bool // the turnstile has opened
	reopen    bool // begin anew without a failure: the first time, or on a change
	shutting  bool
	suspended bool // the gateway has no lease, and the device is not its alone

	readings readings
	commands *commands               // nil until the first one
	waking   *time.Timer             // of the commands
	counters *roostv1.DeviceCounters // nil until there is something to count
	lastSeen int64                   // Unix nanoseconds; 0: never

	storedCount uint64 // readings that the store acknowledged
}

// Receive implements [actor.Actor].
func (s *supervisor) Receive(ctx actor.Context) {
	defer s.env.contain("supervisor")
	switch msg := ctx.Message().(type) {
	case *actor.Started:
	case *actor.Stopping:
		s.stop(ctx)
	case *actor.Stopped:
		s.box.close()
		s.env.ended(ctx.Self())
	case *crashed:
		s.crashed(ctx, msg)
	case *ended:
		s.childEnded(ctx, msg.who)
	case *charge:
		s.take(ctx, msg)
	case *shut:
		s.shut(ctx)
	default:
		if s.charge != nil && !s.receiveLife(ctx, msg) && !s.receiveReadings(ctx, msg) {
			s.receiveRequest(ctx, msg)
		}
	}
}

// receiveLife handles what is about the life of the device.
func (s *supervisor) receiveLife(ctx actor.Context, msg any) bool {
	switch msg := msg.(type) {
	case *opened:
		s.opened(ctx, msg)
	case *changed:
		s.changed(ctx, msg)
	case *closed:
		s.sessionClosed(ctx, msg.outcome)
	case *restartDue:
		s.due = s.due || msg.incarnation == s.incarnation
		s.advance(ctx)
	case *leaseChanged:
		s.leaseChanged(ctx)
	case *permitted:
		s.permitted = s.turnstile != nil
		s.advance(ctx)
	case *abandonedCall:
		s.abandonedCall(msg.what)
	case *returnedCall:
		s.returnedCall(msg.what)
	default:
		return false
	}
	return true
}

// receiveReadings handles what is on its way to the store.
func (s *supervisor) receiveReadings(ctx actor.Context, msg any) bool {
	switch msg := msg.(type) {
	case *sampled:
		s.sampled(ctx, msg)
	case *lost:
		s.lost(msg)
	case *stored:
		s.stored(ctx, msg.err)
	case *storeAgain:
		s.storeAgain(ctx)
	default:
		return false
	}
	return true
}

// receiveRequest handles what comes from outside, and the commands.
func (s *supervisor) receiveRequest(ctx actor.Context, msg any) {
	switch msg := msg.(type) {
	case *submit:
		s.submit(ctx, msg)
	case *performed:
		s.performed(ctx, msg)
	case *commandsDue:
		s.runCommands(ctx)
	case *recordWanted:
		s.recordWanted(msg)
	case *statusWanted:
		msg.answer <- s.status(msg.resources)
	case *releaseWanted:
		msg.answer <- s.release(ctx)
	}
}

// take begins to supervise, or takes over a changed specification.
func (s *supervisor) take(ctx actor.Context, c *charge) {
	was := s.charge
	s.charge = c
	switch {
	case was == nil:
		s.reopen = true
		s.suspended = s.shouldSuspend()
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_OPENED, Message: "opening with driver " + c.spec.Driver})
	case sameDevice(was, c):
		s.runCommands(ctx) // a lock may have come
		return
	default:
		s.reopen = true
		s.restarts.release()
		if was.model != c.model {
			s.readings.sampler = sampler{}
			s.replan()
		}
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_RESPECIFIED, Message: fmt.Sprintf("taking over revision %d", c.spec.Revision)})
	}
	s.advance(ctx)
}

// sameDevice reports whether the change leaves the running device actor as it is.
func sameDevice(a, b *charge) bool {
	if a.model != b.model || a.epoch != b.epoch {
		return false
	}
	return proto.Equal(hard(a.spec), hard(b.spec))
}

// hard is what of a specification the device actor is made from.
func hard(spec *roostv1.DeviceSpec) *roostv1.DeviceSpec {
	h := proto.CloneOf(spec)
	h.Description, h.Labels, h.Revision = "", nil, 0
	h.AdminState, h.Commands, h.OutboxLimit, h.Placement = 0, nil, 0, nil
	return h
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

// shouldSuspend reports whether the device may not be acted on.
func (s *supervisor) shouldSuspend() bool {
	return s.env.suspended.Load() && !s.charge.spec.Attached()
}

// letGo reports whether the device is not to be touched at all: it takes one session only, and
// that is the next owner's.
func (s *supervisor) letGo() bool { return s.suspended && s.charge.spec.ExclusiveSession }

// leaseChanged takes over whether the gateway is suspended.
func (s *supervisor) leaseChanged(ctx actor.Context) {
	was := s.letGo()
	s.suspended = s.shouldSuspend()
	if was && !s.letGo() {
		s.reopen = true
	}
	s.runCommands(ctx)
	s.advance(ctx)
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
		return
	}
	again := s.incarnation > 0 && s.turnstile != nil
	s.incarnation++
	s.nextTry, s.well, s.stopping = time.Time{}, false, false
	s.child = s.env.spawn(s.env.deviceProps, ctx.Self())
	if !s.restarts.quarantined {
		s.become(roostv1.DeviceState_DEVICE_STATE_OPENING, s.lastError)
	}
	if again {
		s.count().Restarts++
		s.tell(&roostv1.Event{
			Kind: roostv1.EventKind_EVENT_KIND_RESTARTED, Attempt: s.restarts.attempt,
			Message: fmt.Sprintf("started again, attempt %d", s.restarts.attempt),
		})
	}
	ctx.Send(s.child, &begin{charge: s.charge, incarnation: s.incarnation, supervisor: ctx.Self(), driver: driver})
}

// driver returns the device's driver, if there is one and it understands the device.
func (s *supervisor) driver() (d Driver, status *roostv1.Status) {
	name := s.charge.spec.Driver
	d, ok := s.env.drivers[name]
	if !ok {
		return nil, roostv1.Errorf(roostv1.ErrNotFound, "this gateway has no driver %q", name)
	}
	checker, ok := d.(Checker)
	if !ok {
		return d, nil
	}
	_, err := protect(context.Background(), func(context.Context) (any, error) {
		return nil, checker.Check(Device{Spec: s.charge.spec, Profile: s.charge.model.profile})
	})
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrInvalid, "driver %s: %v", name, err)
	}
	return d, nil
}

// crashed stops a device actor that has panicked, and plans what comes after.
func (s *supervisor) crashed(ctx actor.Context, msg *crashed) {
	ctx.Stop(msg.who)
	if s.child == nil || !msg.who.Equal(s.child) || s.stopping {
		return
	}
	s.stopping = true
	s.failed(ctx.Self(), failureStatus(msg.reason))
}

// failed plans what comes after a failure.
func (s *supervisor) failed(self *actor.PID, status *roostv1.Status) {
	s.leaveTurnstile()
	policy := s.charge.spec.Supervision.Resolve()
	v := s.restarts.failed(policy, s.env.now(), s.env.dice())
	if s.counters.GetAbandonedRunning() >= maxAbandoned {
		v.entered, v.quarantine, v.delay = !s.restarts.quarantined, true, policy.ProbeInterval
		s.restarts.quarantined = true
	}
	s.nextTry = time.Now().Add(v.delay)
	s.timer = s.env.after(v.delay, self, &restartDue{incarnation: s.incarnation})
	event := &roostv1.Event{Status: status, Attempt: v.attempt, NextDelay: durationpb.New(v.delay)}
	switch {
	case v.entered:
		event.Kind = roostv1.EventKind_EVENT_KIND_QUARANTINED
		event.Message = fmt.Sprintf("%s; restarts ran out, next probe in %v", status.Message, round(v.delay))
	default:
		event.Kind = roostv1.EventKind_EVENT_KIND_FAILED
		event.Message = fmt.Sprintf("%s; attempt %d in %v", status.Message, v.attempt, round(v.delay))
	}
	if v.quarantine {
		s.become(roostv1.DeviceState_DEVICE_STATE_QUARANTINED, status)
	} else {
		s.become(roostv1.DeviceState_DEVICE_STATE_RESTARTING, status)
	}
	s.tell(event)
}

// round makes a duration fit for people.
func round(d time.Duration) time.Duration {
	if d > time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Millisecond)
}

// become enters a state; status is the last error to show.
func (s *supervisor) become(state roostv1.DeviceState, status *roostv1.Status) {
	s.state = state
	if status != nil {
		s.lastError = status
	}
	s.env.logger.Debug("device "+state.Word(), "device", s.charge.spec.Id, "epoch", s.charge.epoch, "incarnation", s.incarnation)
}

// opened takes a session, or closes one that nobody wants any more.
func (s *supervisor) opened(ctx actor.Context, msg *opened) {
	session, ok := msg.outcome.value.(Session)
	if msg.outcome.err != nil || !ok || session == nil {
		if msg.outcome.err == nil && s.child != nil && msg.incarnation == s.incarnation {
			ctx.Send(s.child, &broken{status: roostv1.Errorf(roostv1.ErrInvalid, "driver %s opened no session", s.charge.spec.Driver)})
		}
		return
	}
	if msg.late || msg.incarnation != s.incarnation || s.child == nil || s.stopping {
		s.closeOrphan(ctx.Self(), session)
		return
	}
	s.session = session
	ctx.Send(s.child, &sessionOpen{session: session})
}

// changed notes that the device answers, or stopped to.
func (s *supervisor) changed(ctx actor.Context, msg *changed) {
	if msg.incarnation != s.incarnation || s.stopping {
		return
	}
	if msg.state == roostv1.DeviceState_DEVICE_STATE_ONLINE {
		s.leaveTurnstile()
		s.lastSeen = time.Now().UnixNano()
		if !s.charge.model.readable() {
			s.noteWell()
		}
	}
	if !s.restarts.quarantined {
		s.become(msg.state, msg.status)
		s.tell(stateEvent(msg))
	}
	s.runCommands(ctx)
}

func stateEvent(msg *changed) *roostv1.Event {
	if msg.state == roostv1.DeviceState_DEVICE_STATE_ONLINE {
		return &roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_ONLINE, Message: "answers"}
	}
	return &roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_OFFLINE, Message: msg.status.Message, Status: msg.status}
}

// noteWell tells the policy of the first good sign of an incarnation.
func (s *supervisor) noteWell() {
	if s.well {
		return
	}
	s.well = true
	if s.restarts.well() {
		s.become(roostv1.DeviceState_DEVICE_STATE_ONLINE, nil)
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_RELEASED, Message: "the probe was good"})
	}
}

// release ends a quarantine by hand, and tries at once.
func (s *supervisor) release(ctx actor.Context) error {
	if !s.restarts.release() {
		return roostv1.Errorf(roostv1.ErrConflict, "device %s is not in quarantine, but %s", s.charge.spec.Id, s.state.Word())
	}
	s.become(roostv1.DeviceState_DEVICE_STATE_RESTARTING, nil)
	s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_RELEASED, Message: "released by hand"})
	if s.child == nil {
		s.due, s.nextTry = true, time.Now()
		s.advance(ctx)
	}
	return nil
}

// childEnded goes on when the device actor is gone.
func (s *supervisor) childEnded(ctx actor.Context, who *actor.PID) {
	if s.child == nil || !who.Equal(s.child) {
		return
	}
	s.child, s.stopping = nil, false
	s.commandAfterCrash(ctx)
	s.advance(ctx)
}

// closeSession closes the session of an incarnation that is over.
func (s *supervisor) closeSession(ctx actor.Context) {
	self := ctx.Self()
	session := s.session
	s.session, s.closing = nil, true
	s.env.calls.start(s.closeCall(self, session, func(o outcome) { s.env.send(self, &closed{outcome: o}) }), nil)
}

// closeOrphan closes a session that came too late to be used.
func (s *supervisor) closeOrphan(self *actor.PID, session Session) {
	s.env.calls.start(s.closeCall(self, session, func(outcome) {}), nil)
}

func (s *supervisor) closeCall(self *actor.PID, session Session, end func(outcome)) *call {
	env, silent := s.env, s.letGo()
	return &call{
		device:  s.charge.spec.Id,
		timeout: closeTimeout,
		work: func(ctx context.Context) (any, error) {
			if silent {
				ended, cancel := context.WithCancel(ctx)
				cancel()
				ctx = ended
			}
			return nil, session.Close(ctx)
		},
		end: func(o outcome) {
			if o.abandoned {
				env.send(self, &abandonedCall{what: "close"})
			}
			end(o)
		},
		late: func(outcome) { env.send(self, &returnedCall{what: "close"}) },
	}
}

func (s *supervisor) sessionClosed(ctx actor.Context, o outcome) {
	s.closing = false
	if o.err != nil {
		s.env.logger.Warn("session not closed cleanly", "device", s.charge.spec.Id, "error", o.err)
	}
	s.advance(ctx)
}

func (s *supervisor) abandonedCall(what string) {
	s.count().AbandonedCalls++
	s.count().AbandonedRunning++
	s.tell(&roostv1.Event{
		Kind:    roostv1.EventKind_EVENT_KIND_CALL_ABANDONED,
		Message: fmt.Sprintf("the driver's %s ignored its deadline and was abandoned; %d such calls still run", what, s.counters.AbandonedRunning),
	})
}

func (s *supervisor) returnedCall(what string) {
	s.count().AbandonedRunning--
	s.tell(&roostv1.Event{
		Kind:    roostv1.EventKind_EVENT_KIND_CALL_RETURNED,
		Message: fmt.Sprintf("the driver's abandoned %s returned; %d such calls still run", what, s.counters.AbandonedRunning),
	})
}

// shut begins to stop in order: what is on the wire ends, what waits is answered, what
// was read is stored.
func (s *supervisor) shut(ctx actor.Context) {
	if s.charge == nil {
		ctx.Stop(ctx.Self())
		return
	}
	s.shutting = true
	s.clearWaits()
	s.refuseCommands("the device is being closed on this gateway")
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
	s.leaveTurnstile()
	if s.session != nil {
		s.env.calls.start(s.closeCall(ctx.Self(), s.session, func(outcome) {}), nil)
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

package actors

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// failed plans what comes after a failure.
func (s *supervisor) failed(self *actor.PID, status *roostv1.Status) {
	s.leaveTurnstile()
	policy := s.charge.spec.Supervision.Resolve()
	v := s.restarts.failed(policy, s.env.now(), s.env.dice())
	if mutant("supervisor-gives-up") {
		v.delay = 20 * time.Second // a harness could not end its fault if the device never came back
	}
	if s.counters.GetAbandonedRunning() >= maxAbandoned {
		v.entered, v.quarantine, v.delay = !s.restarts.quarantined, true, policy.ProbeInterval
		s.restarts.quarantined = true
	}
	s.nextTry = s.env.wall().Add(v.delay)
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
		s.lastSeen = s.env.wall().UnixNano()
		if !s.charge.model.readable() {
			s.noteWell()
		}
	}
	if !s.restarts.quarantined {
		s.become(msg.state, msg.status)
		s.tell(stateEvent(msg))
	}
	s.runCommands(ctx)
	s.reconcile(ctx)
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
	ctx.Send(s.charge.bus, &wake{device: s.charge.spec.Id})
	if s.child == nil {
		s.due, s.nextTry = true, s.env.wall()
		s.advance(ctx)
	}
	return nil
}

// crashed stops a device actor that has panicked, and plans what comes after.
func (s *supervisor) crashed(ctx actor.Context, msg *crashed) {
	ctx.Stop(msg.who)
	if s.child == nil || !msg.who.Equal(s.child) || s.stopping {
		return
	}
	s.stopping = true
	s.failed(ctx.Self(), failureStatus(msg.reason))
	s.runCommands(ctx)
}

// childEnded goes on when the device actor is gone.
func (s *supervisor) childEnded(ctx actor.Context, who *actor.PID) {
	if s.child == nil || !who.Equal(s.child) {
		return
	}
	s.child, s.stopping = nil, false
	s.recallCommand(ctx)
	s.advance(ctx)
}

func (s *supervisor) abandonedCall(what string) {
	s.count().AbandonedCalls++
	s.env.totals.abandoned.Add(1)
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

package actors

import (
	"errors"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// readsPerSettle is how often a write is read back within the time that the device may take to show it.
const readsPerSettle = 4

// confirm goes on with a command that the device acknowledged: where that is not enough it stays the
// device's present one until the device shows what was written, or has had the time to.
func (s *supervisor) confirm(o *order, end outcome) {
	how := o.plan.Confirmation
	if how == roostv1.Confirmation_CONFIRMATION_PROTOCOL_ACK {
		s.commands.current = nil
		s.conclude(o, outcomeOf(end))
		return
	}
	l := newLook(s.charge.model.profile, o.plan)
	if l == nil || o.planned != s.charge.model {
		s.commands.current = nil
		s.unconfirmed(o, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "acknowledged, but nothing shows any more whether it took effect"))
		return
	}
	settle := l.settle()
	l.every, l.until = settle/readsPerSettle, s.env.now().add(settle)
	o.look = l
	p, _ := end.value.(*performance)
	l.from = p.began
	if how == roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED {
		l.reported = true
		l.every = settle + s.staleness(l)
		l.until = s.env.now().add(l.every)
		if s.seeLast(l) {
			s.confirmed(o, l, how)
			return
		}
	}
	s.lookAgain(o, l)
}

// seeLast lets a look see what the device has sent by now, perhaps before it acknowledged, and reports
// whether that confirms the command.
func (s *supervisor) seeLast(l *look) bool {
	var samples []Sample
	for i := range l.glances {
		if _, at := s.charge.model.resource(l.glances[i].shown.Name); at >= 0 {
			samples = append(samples, s.readings.sampler.sample(at, l.glances[i].shown.Name, s.env.started))
		}
	}
	return l.see(samples) && l.confirmed()
}

// staleness is how old the last sample of what is looked at may be.
func (s *supervisor) staleness(l *look) time.Duration {
	policy := s.charge.spec.Supervision.Resolve()
	var longest time.Duration
	for i := range l.glances {
		r := l.glances[i].shown
		limit := policy.StaleLimit(s.charge.spec.PollEvery(r))
		if d := r.GetMaxStaleness(); d != nil {
			limit = d.AsDuration()
		}
		longest = max(longest, limit)
	}
	return longest
}

// lookAgain reads the device back now, if that is how it is looked at, and sees to the next time.
func (s *supervisor) lookAgain(o *order, l *look) {
	if o.look != l || o.gone {
		return
	}
	if s.readable(l) {
		env, self := s.env, s.commands.self
		env.send(s.child, &readBack{resources: l.names(), answer: func(end outcome) {
			env.send(self, &looked{order: o, look: l, outcome: end})
		}})
		return
	}
	s.lookLater(o, l)
}

// readable reports whether the device can be read back now.
func (s *supervisor) readable(l *look) bool {
	return !l.reported && !l.outdated && s.reachable() && !s.letGo()
}

// lookLater sets the time of the next look.
func (s *supervisor) lookLater(o *order, l *look) {
	s.env.after(max(l.every, time.Millisecond), s.commands.self, &lookDue{order: o, look: l})
}

// lookDue ends a look whose time is over, or looks again. The time of an UNKNOWN command is the hub's.
func (s *supervisor) lookDue(ctx actor.Context, msg *lookDue) {
	o, l := msg.order, msg.look
	over := o == s.commands.current && s.env.now() >= l.until
	switch {
	case o.look != l || o.gone:
	case over && !s.readable(l):
		s.notConfirmed(o)
		s.runCommands(ctx)
		s.advance(ctx)
	default: // a last time, if it is over
		s.lookAgain(o, l)
	}
}

// looked takes a read-back.
func (s *supervisor) looked(ctx actor.Context, msg *looked) {
	o, l := msg.order, msg.look
	if o.look != l || o.gone {
		return
	}
	if !l.outdated {
		l.clear()
		came, _ := msg.outcome.value.(arrival)
		l.see(came.samples)
	}
	if errors.Is(msg.outcome.err, errNoPoller) { // what it sends by itself has to do
		l.reported = true
		s.seeLast(l)
	}
	s.judge(o, l, roostv1.Confirmation_CONFIRMATION_READBACK)
	s.runCommands(ctx)
	s.advance(ctx)
}

// judge ends a command whose device shows what was written, or looks again.
func (s *supervisor) judge(o *order, l *look, how roostv1.Confirmation) {
	switch {
	case l.confirmed():
		s.confirmed(o, l, how)
	case o == s.commands.current && s.env.now() >= l.until:
		s.notConfirmed(o)
	default:
		s.lookLater(o, l)
	}
}

// confirmed ends a command whose device shows everything that was written.
func (s *supervisor) confirmed(o *order, l *look, how roostv1.Confirmation) {
	l.note(o.record.Steps)
	if s.commands.current == o {
		s.commands.current = nil
	} else {
		l.decide(o.record.Steps)
		s.commands.settled(o)
		s.noteSeen(o, l)
	}
	s.conclude(o, roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED, Confirmation: how})
}

// notConfirmed ends a command that the device acknowledged and does not show. What could not be seen is
// not known.
func (s *supervisor) notConfirmed(o *order) {
	l := o.look
	l.note(o.record.Steps)
	s.commands.current, o.look = nil, nil
	match, _, unseen := l.verdict()
	status := roostv1.Errorf(roostv1.ErrOutcomeUnknown, "acknowledged, but not confirmed: %s", l.text())
	switch {
	case o.plan.Confirmation == roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED:
		if s.enter(o, unknownWith(status)) {
			s.noteSeen(o, l)
			s.conclude(o, indeterminateWith(status))
		}
	case unseen > 0:
		s.unconfirmed(o, status)
	case match > 0:
		s.conclude(o, failedWith(roostv1.Errorf(roostv1.ErrConflict, "%s", l.text()), roostv1.Effect_EFFECT_PARTIAL))
	default:
		s.conclude(o, failedWith(roostv1.Errorf(roostv1.ErrConflict, "%s", l.text()), roostv1.Effect_EFFECT_UNKNOWN))
	}
}

// unconfirmed makes a command UNKNOWN that is not sent again: the device has it, or does not want it.
func (s *supervisor) unconfirmed(o *order, status *roostv1.Status) {
	if s.enter(o, unknownWith(status)) {
		s.settle(o)
		s.write(o)
	}
}

// noteSeen adds the values that were seen to the evidence.
func (s *supervisor) noteSeen(o *order, l *look) {
	for i := range l.glances {
		if g := &l.glances[i]; g.seen != nil {
			s.learn(o, g.shown.Name+": read back "+g.seen.Format(), g.seen)
		}
	}
}

// observe lets commands that the device confirms by itself see what it reports.
func (s *supervisor) observe(ctx actor.Context, samples []Sample) {
	if s.commands == nil || s.commands.idle() && len(s.commands.unsettled) == 0 {
		return
	}
	confirmed := false
	for _, o := range append(slices.Clone(s.commands.unsettled), s.commands.current) {
		if o == nil || o.look == nil || !o.look.reported || o.look.outdated {
			continue
		}
		if l := o.look; l.see(samples) && l.confirmed() {
			confirmed = true
			s.confirmed(o, l, roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED)
		}
	}
	if confirmed {
		s.runCommands(ctx)
		s.advance(ctx)
	}
}

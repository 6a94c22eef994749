package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// settle sets an UNKNOWN command aside until it is known what it did: from a late answer of the driver, or
// from what the device shows where that says it. Others go on meanwhile.
func (s *supervisor) settle(o *order) {
	o.permit, o.look = nil, nil
	window := settleWindow
	_ = s.refit(o) // what makes no sense any more is not absolute
	if o.absolute() {
		o.look = newLook(s.charge.model.profile, o.plan)
	}
	if o.look != nil {
		window = max(window, o.look.settle())
		o.look.every = max(o.look.settle()/readsPerSettle, time.Second)
		by := s.commands.current
		o.look.outdated = by != nil && s.outdates(by, o)
		o.look.reported, o.look.from = o.plan.Confirmation == roostv1.Confirmation_CONFIRMATION_DEVICE_REPORTED, time.Now()
	}
	o.settleBy = unknownSince(o.record).Add(window)
	if now, known := s.hubTime(); known && o.look != nil { // however long it waited for its owner or its device
		o.settleBy = now.Add(window)
	}
	s.commands.doubt(o)
	if o.look != nil {
		s.lookAgain(o, o.look)
	}
}

// unknownSince is when the command became UNKNOWN, on the hub's clock.
func unknownSince(r *roostv1.CommandRecord) time.Time {
	for i := len(r.Transitions) - 1; i >= 0; i-- {
		if t := r.Transitions[i]; t.State == roostv1.CommandState_COMMAND_STATE_UNKNOWN {
			return t.At.AsTime()
		}
	}
	return r.GetDispatchedAt().AsTime()
}

// outdate ends the commands that may have been sent and whose resources one writes that is about to be
// dispatched: what the device shows from then on may be its work. No later owner knows that but by the
// journal, so the ends are given to it before the intent is.
func (s *supervisor) outdate(by *order) {
	for _, o := range s.commands.doubtful() {
		if s.outdates(by, o) {
			s.endOutdated(o, by)
		}
	}
}

// outdateResumed does so where an owner before has dispatched both.
func (s *supervisor) outdateResumed(o *order) {
	for _, other := range s.commands.doubtful() {
		first, last := other, o
		if o.record.GetDispatchedAt().AsTime().Before(other.record.GetDispatchedAt().AsTime()) {
			first, last = o, other
		}
		if !first.record.State.Final() && s.outdates(last, first) {
			s.endOutdated(first, last)
		}
	}
}

// outdates reports whether what an order did cannot be seen any more once another is dispatched. One that nothing
// shows, nothing settles wrongly.
func (s *supervisor) outdates(by, o *order) bool {
	l := o.look
	if l == nil && o.absolute() {
		l = newLook(s.charge.model.profile, o.plan)
	}
	return by != o && l != nil && overlap(l, s.charge.model.profile, by.plan)
}

func (s *supervisor) endOutdated(o, by *order) {
	s.commands.drop(o)
	status := roostv1.Errorf(roostv1.ErrOutcomeUnknown, "unknown, and command %s writes the same", by.record.CommandId)
	if o.record.State != roostv1.CommandState_COMMAND_STATE_UNKNOWN && !s.enter(o, unknownWith(status)) {
		return
	}
	if o.look != nil {
		o.look.outdated = true
	}
	s.giveUp(o)
}

// overlap reports whether a plan may change what is looked at.
func overlap(l *look, p *roostv1.Profile, plan *roostv1.Plan) bool {
	for i := range l.glances {
		if writes(p, plan, l.glances[i].resource, l.glances[i].shown) {
			return true
		}
	}
	return false
}

// giveUp ends an UNKNOWN command whose window is over. The caller has taken it out of the unsettled ones.
func (s *supervisor) giveUp(o *order) {
	l := o.look
	if l == nil {
		s.conclude(o, indeterminateWith(o.record.Status))
		return
	}
	l.note(o.record.Steps)
	s.noteSeen(o, l)
	match, _, unseen := l.verdict()
	if l.outdated || unseen > 0 {
		s.conclude(o, indeterminateWith(o.record.Status))
		return
	}
	l.decide(o.record.Steps)
	effect := roostv1.Effect_EFFECT_UNKNOWN // what was sent may have done something that does not show
	if match > 0 {
		effect = roostv1.Effect_EFFECT_PARTIAL
	}
	s.conclude(o, failedWith(roostv1.Errorf(roostv1.ErrOutcomeUnknown, "%s", l.text()), effect))
}

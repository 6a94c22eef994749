package actors

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// senderDesired is whose commands those are that bring about what is desired.
const senderDesired = "desired"

func bySenderDesired(o *order) bool { return o.record.GetCommand().GetSender() == senderDesired }

// desiredOf returns what is desired, by device; nil: nothing.
func desiredOf(a *roostv1.Assignment) map[string]*roostv1.Desired {
	if len(a.Desired) == 0 {
		return nil
	}
	desired := make(map[string]*roostv1.Desired, len(a.Desired))
	for _, d := range a.Desired {
		desired[d.GetDeviceId()] = d
	}
	return desired
}

// takeDesired takes over what is desired now.
func (s *supervisor) takeDesired() {
	if s.charge.desired == nil {
		s.desire.stop()
		s.desire = nil
		return
	}
	if s.desire == nil {
		s.desire = &desire{}
	}
	s.desire.newWish(s.charge.desired)
}

// reconcile commands the device to be as desired, where it is not and takes commands.
func (s *supervisor) reconcile(ctx actor.Context) {
	d := s.desire
	if d == nil || d.open != "" || !s.ready() || s.locked() != nil || s.commands.any(bySenderDesired) {
		return
	}
	set := d.missing(s.charge.model.profile, s.lastValue)
	if len(set) == 0 {
		return
	}
	now := s.env.now()
	if now < d.after {
		d.stop()
		d.timer = s.env.after(d.after.until(now), ctx.Self(), &desiredDue{})
		return
	}
	s.issue(ctx, set)
}

// lastValue is the last value of a resource; nil: it has none.
func (s *supervisor) lastValue(resource string) *roostv1.Value {
	_, i := s.charge.model.resource(resource)
	if i < 0 {
		return nil
	}
	return s.readings.sampler.value(i)
}

// issue has the resources set, as anybody else would.
func (s *supervisor) issue(ctx actor.Context, set map[string]*roostv1.Value) {
	c := &roostv1.Command{
		Id: uuid.NewString(), DeviceId: s.charge.spec.Id, Name: roostv1.CommandSet, Arguments: set,
		ExpiresIn: durationpb.New(desiredExpiry), Supersede: false, // another's "set" may be about other resources
		Sender: senderDesired, Reason: fmt.Sprintf("desired revision %d", s.desire.wish.GetRevision()),
	}
	s.desire.began(c.Id)
	self, env := ctx.Self(), s.env
	done := func(r *roostv1.CommandRecord, err error) { env.send(self, &desiredDone{id: c.Id, record: r, err: err}) }
	if env.submit == nil {
		env.send(self, &submit{command: c, answer: func(a answer) { done(a.record, a.err) }})
		return
	}
	env.submit.Submit(context.Background(), c, desiredWait, done)
}

// desiredDone takes the end of a command that was to bring about what is desired. One that was waited for
// in vain is known here, or was never accepted, or is over.
func (s *supervisor) desiredDone(ctx actor.Context, msg *desiredDone) {
	d := s.desire
	if d == nil || d.open != msg.id {
		return
	}
	if o := s.commands.find(msg.id); o != nil && !o.durable {
		o.waiters = append(o.waiters, func(a answer) {
			s.env.send(s.commands.self, &desiredDone{id: msg.id, record: a.record, err: a.err})
		})
		return
	}
	d.ended(s.charge.model.profile, msg.record, s.env.now())
	s.reconcile(ctx)
}

// desiredEnded notes the end of any command: what the device showed before, it may not show any more. It is
// asked as soon as it has had the time to.
func (s *supervisor) desiredEnded(o *order) {
	if s.desire == nil || !o.touched {
		return
	}
	settle := defaultSettle
	if l := newLook(s.charge.model.profile, o.plan); l != nil {
		settle = l.settle()
	}
	s.desire.disturb(s.charge.model.profile, o.plan, s.env.now().add(settle))
	s.env.after(settle, s.commands.self, &desiredDue{})
}

// desiredDue looks at the device, and whether it is as desired.
func (s *supervisor) desiredDue(ctx actor.Context) {
	if s.desire == nil {
		return
	}
	if s.reachable() && !s.letGo() {
		ctx.Send(s.child, &pollSoon{})
	}
	s.reconcile(ctx)
}

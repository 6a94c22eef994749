package actors

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// take begins to supervise, or takes over a changed specification.
func (s *supervisor) take(ctx actor.Context, c *charge) {
	was := s.charge
	s.charge = c
	s.takeDesired()
	if was != nil && (s.locked() != nil || !sameDevice(was, c)) {
		s.recall() // a command that only waits for the bus is judged like one in the queue
	}
	switch {
	case was == nil:
		s.reopen = true
		s.suspended = s.env.suspendedFor(c)
		if r, ok := s.env.store.(Rememberer); ok {
			s.readings.outbox.goOn(r.Last(c.spec.Id, c.epoch))
		}
		s.tell(&roostv1.Event{Kind: roostv1.EventKind_EVENT_KIND_OPENED, Message: "opening with driver " + c.spec.Driver})
	case sameDevice(was, c):
		s.leaseChanged(ctx) // with another placement it may be, or cease to be, this gateway's alone
		if s.suspended {
			s.recallCommand(ctx) // it has the fence of the old one
		}
		s.reconcile(ctx)
		return
	default:
		s.reopen = true
		s.restarts.release()
		if was.model != c.model {
			s.readings.sampler = sampler{}
			s.replan()
		}
		s.runCommands(ctx)
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

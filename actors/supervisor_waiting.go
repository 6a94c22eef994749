package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// noteWaiting lets the records of the waiting commands say what they wait for: at once where that is
// the device or the time, and else when they have waited for a while.
func (s *supervisor) noteWaiting(now time.Time, known bool) {
	ready, offline := s.ready(), s.offline()
	for _, o := range s.commands.queue {
		if o.waiting() {
			s.noteReason(o, o.waits(now, known, ready, offline))
			s.writeReason(o)
		}
	}
	if o := s.commands.current; o != nil && o.permit != nil {
		o.permit.whileOpen(func() { s.writeReason(o) })
	}
}

// noteReason notes what a command waits for.
func (s *supervisor) noteReason(o *order, reason roostv1.QueueReason) {
	if o.waiting() && o.waitsFor != reason {
		o.waitsFor, o.since = reason, s.env.now()
	}
}

// writeReason enters in the record what a command waits for, and makes that durable, if it is worth it and was
// not done.
func (s *supervisor) writeReason(o *order) {
	if !o.untold() || !o.worthTelling(s.env.now()) || len(o.record.Transitions) > maxWaits {
		return
	}
	o.told = o.waitsFor
	c := roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_QUEUED, Waits: o.waitsFor}
	c.At, c.Gateway, c.Epoch = s.stamp(o.record), s.env.id, s.charge.epoch
	if o.record.Enter(c) == nil { // else whatever comes next fails as well
		s.write(o)
	}
}

// untold reports whether the record does not say what the command waits for.
func (o *order) untold() bool { return o.waiting() && o.told != o.waitsFor }

// worthTelling reports whether others are to know what a command waits for.
func (o *order) worthTelling(now instant) bool {
	switch o.waitsFor {
	case roostv1.QueueReason_QUEUE_REASON_DEVICE_AWAY, roostv1.QueueReason_QUEUE_REASON_NOT_BEFORE:
		return true
	default:
		return now >= o.since.add(patience)
	}
}

// wakeForCommands sets the timer to the next time that matters to a command. It is a hint: what is due
// then, the hub's clock decides.
func (s *supervisor) wakeForCommands(ctx actor.Context, now time.Time, known bool) {
	if s.waking != nil {
		s.waking.Stop()
		s.waking = nil
	}
	delay, ok := s.commands.patience(s.env.now())
	at := s.commands.wake(now)
	switch {
	case at.IsZero():
	case !known:
		delay, ok = sooner(delay, ok, clockRecheck)
	default:
		delay, ok = sooner(delay, ok, at.Sub(now))
	}
	if ok {
		s.waking = s.env.after(delay, ctx.Self(), &commandsDue{})
	}
}

func sooner(a time.Duration, any bool, b time.Duration) (time.Duration, bool) {
	if any {
		return min(a, b), true
	}
	return b, true
}

// patience is how long it is until a command has waited for so long that others are told; false if there is
// none.
func (c *commands) patience(now instant) (delay time.Duration, ok bool) {
	look := func(o *order) {
		if o.untold() && !o.worthTelling(now) {
			delay, ok = sooner(delay, ok, o.since.add(patience).until(now))
		}
	}
	for _, o := range c.queue {
		look(o)
	}
	if c.current != nil {
		look(c.current)
	}
	return delay, ok
}

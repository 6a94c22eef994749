package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// noteWaiting lets the records of the waiting commands say what they wait for: at once where that is
// the device or the time, and else when they have waited for a while.
func (s *supervisor) noteWaiting(now time.Time, known bool) {
	ready := s.ready()
	for _, o := range s.commands.queue {
		if o.waiting() {
			s.noteReason(o, o.waits(now, known, ready))
			s.writeReason(o)
		}
	}
	if o := s.commands.current; o != nil && o.permit != nil {
		o.permit.whileOpen(func() { s.writeReason(o) })
	}
}

// noteReason enters what a command waits for in its record.
func (s *supervisor) noteReason(o *order, reason roostv1.QueueReason) {
	queued := o.record.State == roostv1.CommandState_COMMAND_STATE_QUEUED
	if !o.waiting() || queued && (o.record.QueueReason == reason || len(o.record.Transitions) > maxWaits) {
		return
	}
	o.since = s.env.now()
	s.enter(o, roostv1.Change{State: roostv1.CommandState_COMMAND_STATE_QUEUED, Waits: reason})
}

// writeReason makes durable what a command waits for, if that is worth it and was not done.
func (s *supervisor) writeReason(o *order) {
	if !o.waiting() || o.told == o.record.QueueReason || !o.worthTelling(s.env.now()) {
		return
	}
	o.told = o.record.QueueReason
	s.write(o)
}

// worthTelling reports whether others are to know what a command waits for.
func (o *order) worthTelling(now instant) bool {
	switch o.record.QueueReason {
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
		if o.waiting() && o.told != o.record.QueueReason && !o.worthTelling(now) {
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

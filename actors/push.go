package actors

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"golang.org/x/time/rate"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// startPush lets the session push for as long as this incarnation lives. It runs
// beside the turns of the bus.
func (d *device) startPush(ctx actor.Context, pusher Pusher) {
	self, env, supervisor, incarnation := ctx.Self(), d.env, d.begin.supervisor, d.begin.incarnation
	s := &sink{uptime: env.uptime, box: d.box, losses: d.losses, budget: rate.NewLimiter(maxEmitted, maxEmitted)}
	work := touching(env.touchFenceOf(d.begin.charge), func(ctx context.Context) (any, error) { return nil, pusher.Push(ctx, s) })
	d.push = d.calling("push", classPoll, 0, work, func(o outcome) {
		if errors.Is(o.err, errSuspended) { // says nothing of the device
			env.send(supervisor, &fenced{incarnation: incarnation})
			return
		}
		env.send(self, &pushEnded{outcome: o})
	})
	env.calls.start(d.push, nil)
}

func (d *device) pushEnded(o outcome) {
	if o.err == nil {
		o.err = roostv1.Errorf(roostv1.ErrOffline, "the session ended")
	}
	d.fail(deviceStatus("push", o.err))
}

func (d *device) pushed(ctx actor.Context, msg *pushed) {
	d.sampled(msg.arrival, msg.done)
	if d.timer == nil {
		d.arm(ctx, d.env.now()) // else the running timer finds a deadline that moved on
	}
}

const (
	// maxEmitted is how many samples a second a device may emit, and how many at
	// once. What is more is dropped and declared.
	maxEmitted = 20_000
	// floodPause is how long a caller is held who emits too much, so that a
	// babbling device does not take the processor from the others.
	floodPause = time.Millisecond
)

// sink implements [Sink] for one incarnation of a device.
type sink struct {
	uptime *uptime
	box    *mailbox
	losses *losses
	budget *rate.Limiter
}

var _ LossSink = (*sink)(nil)

// Lost implements [LossSink].
func (s *sink) Lost(samples int) {
	if samples > 0 {
		s.losses.add(samples)
	}
}

// Emit implements [Sink].
func (s *sink) Emit(samples ...Sample) error {
	if len(samples) == 0 {
		return nil
	}
	err := s.offer(&pushed{arrival: s.uptime.stamp(samples), losses: s.losses})
	if err != nil {
		s.losses.add(len(samples))
		time.Sleep(floodPause)
	}
	return err
}

func (s *sink) offer(msg *pushed) error {
	if !s.budget.AllowN(time.Now(), len(msg.samples)) {
		return roostv1.Errorf(roostv1.ErrBusy, "more than %d samples a second", maxEmitted)
	}
	return s.box.offer(msg)
}

// Deliver implements [Sink].
func (s *sink) Deliver(ctx context.Context, samples ...Sample) error {
	if len(samples) == 0 {
		return nil
	}
	came := s.uptime.stamp(samples)
	done := make(chan error, 1) // told once, without waiting
	msg := &pushed{arrival: came, losses: s.losses, done: func(err error) { done <- err }}
	if err := s.box.offer(msg); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

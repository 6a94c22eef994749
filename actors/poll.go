package actors

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// startPoll asks for a turn to poll the resources, unless a poll waits or runs.
func (d *device) startPoll(ctx actor.Context, resources []string, ticks uint64) {
	poller, ok := d.session.(Poller)
	if !ok || d.poll != nil || len(resources) == 0 {
		return
	}
	self, env, fence := ctx.Self(), d.env, d.env.touchFenceOf(d.begin.charge)
	work := func(ctx context.Context) (any, error) { return env.pollOnce(ctx, fence, poller, resources) }
	d.poll = d.calling("poll", classPoll, d.policy().PollTimeout, work, func(o outcome) {
		env.send(self, &polled{resources: resources, ticks: ticks, outcome: o})
	})
	env.send(d.begin.bus, &turnWanted{call: d.poll})
}

// pollOnce polls, and notes when the samples came: what handles them may be busy for long.
func (e *env) pollOnce(ctx context.Context, fence Fence, poller Poller, resources []string) (arrival, error) {
	act, leave, ok := fence.Enter(ctx)
	defer leave()
	if !ok {
		return arrival{}, errSuspended
	}
	samples, err := poller.Poll(act, resources)
	if err != nil && act.Err() != nil && ctx.Err() == nil {
		return arrival{}, errSuspended // the fence ended it
	}
	return e.uptime.stamp(samples), err
}

// polled takes the end of a poll.
func (d *device) polled(ctx actor.Context, msg *polled) {
	d.poll = nil
	switch {
	case errors.Is(msg.outcome.err, errSuspended): // says nothing of the device
		d.env.send(d.begin.supervisor, &lost{polls: msg.ticks})
	case msg.outcome.err != nil:
		d.pollFailed(msg)
	default:
		came, _ := msg.outcome.value.(arrival)
		d.sampled(came, nil)
		if d.failedPolls > 0 {
			d.becomeOnline()
		}
	}
	d.arm(ctx, d.env.now())
}

// pollFailed tells the readers that there is no value, and fails the device when it
// has happened too often, or when the driver itself is broken.
func (d *device) pollFailed(msg *polled) {
	status := deviceStatus("poll", msg.outcome.err)
	d.failedPolls++
	if d.failedPolls == 1 {
		d.sampled(d.env.noValues(msg.resources), nil)
	}
	broken := msg.outcome.abandoned || status.Code == roostv1.ErrPanic || errors.Is(msg.outcome.err, ErrSessionOver)
	if broken || d.failedPolls >= d.policy().FailedPolls {
		d.fail(status)
	}
	if d.failedPolls == 1 {
		d.becomeOffline(status)
	}
}

func (e *env) noValues(resources []string) arrival {
	samples := make([]Sample, len(resources))
	for i, name := range resources {
		samples[i] = Sample{
			Resource: name,
			Quality:  roostv1.Quality_QUALITY_BAD,
			Reason:   roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE,
		}
	}
	return e.uptime.stamp(samples)
}

// sampled hands samples to the supervisor, and notes that the device lives.
func (d *device) sampled(came arrival, done func(error)) {
	failpoint("reading.after-device-recv", d.begin.spec.Id)
	good := d.fresh.saw(came.samples, d.env.now())
	d.env.send(d.begin.supervisor, &sampled{
		incarnation: d.begin.incarnation, arrival: came, good: good, done: done, losses: d.losses,
	})
}

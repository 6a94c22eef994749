package actors

import (
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// device is the actor of one physical device, for one incarnation: from opening a
// session until the first failure. It is let crash; what must outlive it is its
// supervisor's.
//
//	opening --session--> online <--polls fail, polls work--> offline
//
// Failures end in fail, which panics; nothing else decides about restarts.
type device struct {
	boxed
	env    *env
	begin  *begin
	behave func(d *device, ctx actor.Context, msg any)

	session  Session
	schedule schedule
	fresh    freshness
	losses   *losses
	timer    *time.Timer
	// failedPolls counts polls that failed in a row.
	failedPolls int
	open        *call // while it waits or runs; likewise the others
	poll        *call
	push        *call
	command     *call
	readings    []*call // read-backs: each command that is looked at has its own
}

// Receive implements [actor.Actor].
func (d *device) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
	case *actor.Stopping:
		d.stop()
	case *actor.Stopped:
		d.box.close()
		d.env.ended(ctx.Self())
	case *begin:
		d.begin = msg
		d.becomeOpening(ctx)
	default:
		if d.behave != nil {
			failpoint("actor.before-handle", d.begin.spec.Id)
			d.behave(d, ctx, msg)
		}
	}
}

// stop ends every call; what they return is not waited for here, but by the bus before it ends.
func (d *device) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	for _, c := range append(d.readings, d.open, d.poll, d.push, d.command) {
		d.env.calls.stop(c)
	}
}

func (d *device) policy() roostv1.Supervision { return d.begin.spec.Supervision.Resolve() }

// fail ends this incarnation.
func (d *device) fail(status *roostv1.Status) { panic(failure{status: status}) }

func (d *device) becomeOpening(ctx actor.Context) {
	d.behave = (*device).opening
	self, supervisor, incarnation := ctx.Self(), d.begin.supervisor, d.begin.incarnation
	target := Device{Spec: d.begin.spec, Profile: d.begin.model.profile}
	driver, env, c := d.begin.driver, d.env, d.begin.charge
	unclaimed := func(session Session) { env.closeUnclaimed(c, supervisor, session) }
	work := touching(env.touchFenceOf(c), func(ctx context.Context) (any, error) { return driver.Open(ctx, target) })
	d.open = d.calling("open", classPoll, d.policy().OpenTimeout, work, func(o outcome) {
		if errors.Is(o.err, errSuspended) { // says nothing of the device, which waits for its supervisor
			env.send(supervisor, &fenced{incarnation: incarnation})
			return
		}
		// The session is the supervisor's, which knows whether it still wants it.
		env.send(supervisor, &opened{incarnation: incarnation, outcome: o, unclaimed: unclaimed})
		if o.err != nil {
			env.send(self, &opened{outcome: o})
		}
	})
	d.open.opens = true
	counted := d.open.late
	d.open.late = func(o outcome) {
		counted(o)
		env.send(supervisor, &opened{incarnation: incarnation, outcome: o, late: true, unclaimed: unclaimed})
	}
	d.env.send(d.begin.bus, &turnWanted{call: d.open})
}

func (d *device) opening(ctx actor.Context, msg any) {
	switch msg := msg.(type) {
	case *opened: // only sent here with an error
		d.fail(deviceStatus("open", msg.outcome.err))
	case *sessionOpen:
		d.open = nil
		d.session = msg.session
		d.checkAbilities()
		d.becomeOnline()
		d.start(ctx)
	}
}

// checkAbilities fails a device whose driver cannot do what its profile asks for.
func (d *device) checkAbilities() {
	_, polls := d.session.(Poller)
	_, pushes := d.session.(Pusher)
	_, acts := d.session.(Actuator)
	m := d.begin.model
	switch {
	case m.readable() && !polls && !pushes:
		d.fail(roostv1.Errorf(roostv1.ErrInvalid, "driver %s can neither poll nor push, but profile %s has readable resources", d.begin.spec.Driver, m.profile.Id))
	case m.commandable() && !acts:
		d.fail(roostv1.Errorf(roostv1.ErrInvalid, "driver %s takes no commands, but profile %s has some", d.begin.spec.Driver, m.profile.Id))
	}
}

// start begins to sample.
func (d *device) start(ctx actor.Context) {
	now := d.env.now()
	if _, ok := d.session.(Poller); ok {
		d.schedule = newSchedule(d.begin.model.pollGroups(d.begin.spec), now, d.env.dice)
	}
	d.losses = &losses{env: d.env, supervisor: d.begin.supervisor}
	d.fresh = newFreshness(d.begin.model, d.policy(), d.schedule.longest(), now)
	if pusher, ok := d.session.(Pusher); ok {
		d.startPush(ctx, pusher)
	}
	d.arm(ctx, now)
}

func (d *device) becomeOnline() {
	d.behave = (*device).serving
	d.failedPolls = 0
	d.changed(roostv1.DeviceState_DEVICE_STATE_ONLINE, nil)
}

func (d *device) becomeOffline(status *roostv1.Status) {
	d.behave = (*device).serving // it goes on trying, and takes commands
	d.changed(roostv1.DeviceState_DEVICE_STATE_OFFLINE, status)
}

func (d *device) changed(state roostv1.DeviceState, status *roostv1.Status) {
	d.env.send(d.begin.supervisor, &changed{incarnation: d.begin.incarnation, state: state, status: status})
}

// serving is the behaviour of a device that is online or offline.
func (d *device) serving(ctx actor.Context, msg any) {
	switch msg := msg.(type) {
	case *tick:
		d.tick(ctx)
	case *pollSoon:
		d.startPoll(ctx, d.schedule.all(), 0)
	case *polled:
		d.polled(ctx, msg)
	case *pushed:
		d.pushed(ctx, msg)
	case *pushEnded:
		d.pushEnded(msg.outcome)
	case *perform:
		d.perform(ctx, msg)
	case *readBack:
		d.readBack(ctx, msg)
	case *broken:
		d.fail(msg.status)
	}
}

// arm sets the timer to the next moment that matters.
func (d *device) arm(ctx actor.Context, now instant) {
	d.armAt(ctx, min(d.schedule.next(), d.fresh.deadline()), now)
}

func (d *device) armAt(ctx actor.Context, at, now instant) {
	switch {
	case at == never:
	case d.timer == nil:
		d.timer = d.env.after(at.until(now), ctx.Self(), &tick{})
	default:
		d.timer.Reset(at.until(now))
	}
}

// tick polls what is due, unless the device is stale.
func (d *device) tick(ctx actor.Context) {
	now := d.env.now()
	if d.poll == nil { // a poll that waits for the bus may yet bring news
		if status := d.fresh.stale(now); status != nil {
			d.fail(status)
		}
	}
	resources, ticks, missed := d.schedule.due(now)
	if d.poll != nil {
		missed += ticks
	}
	if missed > 0 {
		d.env.send(d.begin.supervisor, &lost{polls: missed})
	}
	d.startPoll(ctx, resources, ticks)
	d.armAfterTick(ctx, now)
}

// armAfterTick keeps a device whose poll takes longer than it may be silent from
// spinning: the poll's end sets the timer anew.
func (d *device) armAfterTick(ctx actor.Context, now instant) {
	if d.poll != nil {
		d.armAt(ctx, d.schedule.next(), now)
		return
	}
	d.arm(ctx, now)
}

// calling makes a call of this device whose abandonment is counted.
func (d *device) calling(what string, class callClass, timeout time.Duration, work func(context.Context) (any, error), end func(outcome)) *call {
	env, supervisor := d.env, d.begin.supervisor
	return &call{
		class:   class,
		device:  d.begin.spec.Id,
		wire:    d.begin.wire,
		timeout: timeout,
		work:    work,
		end: func(o outcome) {
			if o.abandoned {
				env.send(supervisor, &abandonedCall{what: what})
			}
			end(o)
		},
		late: func(outcome) { env.send(supervisor, &returnedCall{what: what}) },
	}
}

package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// fleetGrace is how long what is in flight may still take when a fleet command is given up.
const fleetGrace = 2 * time.Second

// send sends all commands, a few at a time, and closes outcomes when each has one. A command is in flight
// until its outcome was taken.
func (r *FleetRun) send(ctx context.Context, outcomes chan<- *roostv1.CommandRecord) {
	defer close(outcomes)
	flight, land := afterwards(ctx, fleetGrace)
	defer land()
	slots := make(chan struct{}, r.command.MaxInFlight)
	var flying sync.WaitGroup
	defer flying.Wait()
	for i, device := range r.Devices {
		body := r.bodies[r.profiles[i]]
		part := r.part(body.command, device)
		if !enter(ctx, slots) {
			outcomes <- unrecorded(part, roostv1.Errorf(roostv1.ErrCancelled, "it was not begun"))
			continue
		}
		flying.Go(func() {
			outcomes <- r.sendOne(flight, part, body.err)
			<-slots
		})
	}
}

// enter takes a slot; false if ctx ended before.
func enter(ctx context.Context, slots chan<- struct{}) bool {
	select {
	case slots <- struct{}{}:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

func (r *FleetRun) sendOne(ctx context.Context, c *roostv1.Command, err error) *roostv1.CommandRecord {
	if err != nil {
		return unrecorded(c, err)
	}
	record, err := r.client.Send(ctx, c, r.command.Wait)
	if errors.Is(err, roostv1.ErrOutcomeUnknown) && ctx.Err() != nil {
		if there := r.client.recorded(context.WithoutCancel(ctx), c); there != nil {
			record, err = there, nil
		}
	}
	if err != nil {
		return unrecorded(c, err)
	}
	if record.Command == nil { // too long to come back with its answer
		record.Command = c
	}
	return record
}

// unrecorded is the outcome of a command of which the sender has no record.
func unrecorded(c *roostv1.Command, err error) *roostv1.CommandRecord {
	record := &roostv1.CommandRecord{
		CommandId: c.Id, DeviceId: c.DeviceId, Command: c, Status: roostv1.StatusOf(err), Effect: roostv1.Effect_EFFECT_NONE,
	}
	if errors.Is(err, roostv1.ErrOutcomeUnknown) {
		record.State, record.Effect = roostv1.CommandState_COMMAND_STATE_UNKNOWN, roostv1.Effect_EFFECT_UNKNOWN
	}
	return record
}

// afterwards returns a context that ends a while after ctx does.
func afterwards(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	disarm := context.AfterFunc(ctx, func() { time.AfterFunc(while, end) })
	return later, func() {
		disarm()
		end()
	}
}

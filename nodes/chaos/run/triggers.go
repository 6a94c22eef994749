package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// triggerEvery is how often it is looked whether a trigger has fired.
const triggerEvery = 2 * time.Millisecond

// canTrigger says why what an entry waits for cannot be seen here; nil if it can.
func canTrigger(e plan.Entry) error {
	if e.On != nil && e.On.Failpoint != "" && failpoint.Missing != "" {
		return fmt.Errorf("it waits for the point %s: %s", e.On.Failpoint, failpoint.Missing)
	}
	return nil
}

// await waits until the trigger of an entry fires. Where somebody is kept waiting at a point, release lets him go on; it
// may be called more than once. targets are those of the entry, if they are known already.
func (r *running) await(ctx context.Context, e plan.Entry, targets []string) (release func(), err error) {
	release = func() {}
	if e.On == nil || e.On.Exact() {
		return release, nil
	}
	if e.On.Event != "" {
		return release, r.awaitEvent(ctx, e.On.Event)
	}
	gateway, err := r.watchedBy(ctx, e, targets)
	switch {
	case err != nil:
		return release, err
	case e.On.Failpoint != "":
		return fault.Held(ctx, r.fleet, e, gateway)
	}
	return release, r.awaitLink(ctx, e.On, gateway)
}

// watchedBy is the gateway that a trigger watches.
func (r *running) watchedBy(ctx context.Context, e plan.Entry, targets []string) (string, error) {
	where := e.On.Where()
	if where == plan.TargetSame {
		return targets[0], nil
	}
	chance := plan.Stream(r.Plan.Seed, "trigger/"+e.ID)
	for {
		found, err := plan.Resolve(where, r.fleet.World(ctx), chance)
		if err == nil {
			return found[0], nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return "", err
		}
	}
}

// awaitLink waits until so much has passed between a gateway and the hubs.
func (r *running) awaitLink(ctx context.Context, on *plan.Trigger, gateway string) error {
	direction, least := proxy.Up, on.Bytes
	if on.Direction == proxy.Down.String() {
		direction = proxy.Down
	}
	if on.Verb != "" {
		least = max(on.Count, 1)
	}
	passed := func() (n int64) {
		for _, h := range r.fleet.Hubs() {
			c := r.fleet.HubLink(gateway, h.Name).Counters()
			if on.Verb == "" {
				n += c.Passed[direction]
			} else {
				n += c.Count(direction, proxy.Verb(on.Verb))
			}
		}
		return n
	}
	least += passed()
	return r.until(ctx, on, func() bool { return passed() >= least })
}

func (r *running) awaitEvent(ctx context.Context, text string) error {
	event, err := plan.ParseEvent(text)
	if err != nil {
		return err
	}
	return r.until(ctx, &plan.Trigger{Event: text}, func() bool {
		epoch, owners := r.watcher.Bus(event.Device) // each device is a bus of its own
		if event.What == "owners" {
			return owners >= event.Least
		}
		return epoch >= event.Least
	})
}

// until waits until something is so.
func (r *running) until(ctx context.Context, on *plan.Trigger, is func() bool) error {
	for !is() {
		if !pause(ctx, triggerEvery) {
			return fmt.Errorf("%w: %v: %w", fault.ErrNotTriggered, on, context.Cause(ctx))
		}
	}
	return nil
}

// untriggered reports whether an entry was left out since what it waited for did not happen.
func untriggered(err error) bool { return errors.Is(err, fault.ErrNotTriggered) }

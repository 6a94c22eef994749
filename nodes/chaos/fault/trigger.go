package fault

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// triggered does something in the middle of the traffic.
type triggered struct {
	links
	trigger proxy.Trigger
	fired   []<-chan struct{}
	down    bool // the ways are down once it has fired
}

func newAckLost(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	return &triggered{links: hubLinks(f, targets), down: true, trigger: proxy.Trigger{
		Direction: proxy.Up, Verb: proxy.Verb(e.Params.Verb), Count: e.Params.Count,
		Then: proxy.State{Down: proxy.Discard},
	}}
}

func newCut(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	return &triggered{links: hubLinks(f, targets), trigger: proxy.Trigger{
		Direction: proxy.Up, Verb: proxy.Verb(e.Params.Verb), Count: e.Params.Count, Reset: true,
	}}
}

func (t *triggered) Down() []string {
	if t.down {
		return t.names
	}
	return nil
}

func (t *triggered) Apply(context.Context) error {
	t.before = t.counters()
	for _, link := range t.all {
		t.fired = append(t.fired, link.Arm(t.trigger))
	}
	return nil
}

// Confirm waits until it has fired, and where answers are lost, until one was.
func (t *triggered) Confirm(ctx context.Context) (string, error) {
	if err := until(ctx, t.anyFired); err != nil {
		return "", fmt.Errorf("the %d-th %s did not come: %w", t.trigger.Count, t.what(), err)
	}
	if !t.down {
		return fmt.Sprintf("the %d-th %s came; %d connections reset", t.trigger.Count, t.what(), t.counters().Resets-t.before.Resets), nil
	}
	lost := func() int64 { return t.counters().Lost[proxy.Down] - t.before.Lost[proxy.Down] }
	if err := until(ctx, func() bool { return lost() > 0 }); err != nil {
		return "", fmt.Errorf("no answer was lost: %w", err)
	}
	return fmt.Sprintf("the %d-th %s passed, and %d bytes of answers were lost", t.trigger.Count, t.what(), lost()), nil
}

func (t *triggered) what() string {
	if t.trigger.Verb == "" {
		return "byte"
	}
	return string(t.trigger.Verb)
}

func (t *triggered) anyFired() bool { return anyClosed(t.fired) }

func anyClosed(all []<-chan struct{}) bool {
	for _, fired := range all {
		select {
		case <-fired:
			return true
		default:
		}
	}
	return false
}

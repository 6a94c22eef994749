package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// unanswered is for how long gateways write before an outage without being told what became of it.
const unanswered = 500 * time.Millisecond

// outage takes the way to the hubs away from gateways, in three steps: what they write is stored, and they are not told; then
// nothing passes; then, meanwhile, some are killed and started again, so that they know no more than what is on their
// disks, and the hub forgets what it has stored. Hubs among the targets are killed, and come back before the way does.
type outage struct {
	links
	entry plan.Entry
	hubs  nodes
	again nodes // gateways that are killed and started again
	fired [][]<-chan struct{}
}

func newOutage(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	o := &outage{entry: e, hubs: newNodes(f, nil), again: newNodes(f, nil)}
	var gateways []string
	for _, name := range targets {
		if n := f.Node(name); n != nil && n.Kind == fleet.KindHub {
			o.hubs.names = append(o.hubs.names, name)
			continue
		}
		gateways = append(gateways, name)
	}
	o.links = hubLinks(f, gateways)
	for i := range min(e.Params.Restart, len(gateways)) { // which ones is the plan's choice
		o.again.names = append(o.again.names, gateways[(int(e.Params.Count)+i)%len(gateways)])
	}
	return o
}

func (o *outage) Down() []string { return slices.Concat(o.names, o.hubs.names) }

func (o *outage) Apply(context.Context) error {
	if len(o.all) == 0 {
		return fmt.Errorf("there is no way between %v and the hubs", o.gateways)
	}
	o.before = o.counters()
	for _, gateway := range o.gateways {
		var fired []<-chan struct{}
		for _, h := range o.fleet.Hubs() {
			fired = append(fired, o.fleet.HubLink(gateway, h.Name).Arm(proxy.Trigger{
				Direction: proxy.Up, Verb: proxy.Verb(o.entry.Params.Verb), Count: o.entry.Params.Count, Then: proxy.State{Down: proxy.Discard},
			}))
		}
		o.fired = append(o.fired, fired)
	}
	return nil
}

// Confirm waits until each gateway has written something that it was not told of, and takes the way away.
func (o *outage) Confirm(ctx context.Context) (string, error) {
	for i, fired := range o.fired {
		if err := until(ctx, func() bool { return anyClosed(fired) }); err != nil {
			return "", fmt.Errorf("%s did not write so much: %w", o.gateways[i], err)
		}
	}
	lost := func() int64 { return o.counters().Lost[proxy.Down] - o.before.Lost[proxy.Down] }
	if err := until(ctx, func() bool { return lost() > 0 }); err != nil {
		return "", fmt.Errorf("no answer was lost: %w", err)
	}
	pauseUntil(ctx, unanswered)
	evidence := []string{fmt.Sprintf("%d bytes of answers to %v were lost", lost(), o.gateways)}
	for _, link := range o.all {
		link.Set(proxy.State{Up: proxy.Discard, Down: proxy.Discard, Door: proxy.Refuse})
		link.Reset()
	}
	evidence = append(evidence, fmt.Sprintf("%d connections reset", o.counters().Resets-o.before.Resets))
	more, err := o.meanwhile(ctx)
	return strings.Join(append(evidence, more...), ", "), err
}

// meanwhile does what happens while there is no way.
func (o *outage) meanwhile(ctx context.Context) (evidence []string, err error) {
	killed := func(what string, n nodes) error {
		outcomes := make(chan string, len(n.names))
		k := &kill{n, outcomes}
		if err := k.Apply(ctx); err != nil || len(n.names) == 0 {
			return err
		}
		seen, err := k.Confirm(ctx)
		evidence = append(evidence, seen+what)
		return err
	}
	if err := errors.Join(killed("", o.hubs), killed(" and started again", o.again)); err != nil {
		return nil, err
	}
	if err := o.again.each((*fleet.Node).Launch); err != nil {
		return nil, err
	}
	if len(o.hubs.names) == 0 { // else it reads all back when it starts
		evidence = append(evidence, o.forgotten())
		return evidence, o.forget(ctx)
	}
	return evidence, nil
}

func (o *outage) forget(ctx context.Context) error {
	if o.entry.Params.Forget == 0 {
		return nil
	}
	if err := o.fleet.Forget(ctx, o.entry.Params.Forget.Std()); err != nil {
		return fmt.Errorf("have the hub forget what it has stored: %w", err)
	}
	return nil
}

func (o *outage) forgotten() string {
	return fmt.Sprintf("the hub does not know any more what it stored more than %v before", o.entry.Params.Forget)
}

// Heal has hubs back first: what they have stored is forgotten before the gateways ask.
func (o *outage) Heal(ctx context.Context) error {
	var err error
	if len(o.hubs.names) > 0 {
		if err = o.hubs.start(ctx); err == nil {
			err = o.forget(ctx)
		}
	}
	return errors.Join(err, o.links.Heal(ctx), o.again.start(ctx), o.again.ready(ctx))
}

func (o *outage) ConfirmHealed(ctx context.Context) (string, error) {
	passed, err := o.links.ConfirmHealed(ctx)
	if err != nil {
		return "", err
	}
	evidence := []string{passed}
	for _, n := range []*nodes{&o.hubs, &o.again} {
		if len(n.names) == 0 {
			continue
		}
		up, err := n.up()
		if err != nil {
			return "", err
		}
		evidence = append(evidence, up)
	}
	if len(o.hubs.names) > 0 {
		evidence = append(evidence, o.forgotten())
	}
	return strings.Join(evidence, ", "), nil
}

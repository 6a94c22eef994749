package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/netns"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

func routeKind() Kind {
	return Kind{plan.Route, "the way between gateway and hub leads nowhere, in one direction or both, and comes back whole", history.FaultPartition, netns.Missing, newRoute}
}

// route has the kernel lead what is said to nowhere. Other than with a proxy that stalls, it is TCP that finds out.
type route struct {
	links
	network    *netns.Network
	directions netns.Directions
	was        map[string]netns.Connection // by gateway: one that was there before
}

func newRoute(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	directions := netns.Both
	switch e.Params.Direction {
	case proxy.Up.String():
		directions = netns.Up
	case proxy.Down.String():
		directions = netns.Down
	}
	return &route{links: hubLinks(f, targets), network: f.Network(), directions: directions, was: map[string]netns.Connection{}}
}

func (r *route) Apply(context.Context) error {
	if r.network == nil {
		return errors.New("gateways have no networks of their own: see --net netns")
	}
	for _, gw := range r.gateways {
		if there, err := r.network.Connections(gw, netns.ToHub); err == nil && len(there) > 0 {
			r.was[gw] = there[0]
		}
		if err := r.network.Cut(gw, netns.ToHub, r.directions); err != nil {
			return err
		}
	}
	r.before = r.counters()
	return nil
}

// probe probes the way of a gateway until only these directions are cut: on a busy machine a probe may come too late to count.
func (r *route) probe(ctx context.Context, gateway string, cut netns.Directions) (passed netns.Passed, err error) {
	late := until(ctx, func() bool {
		passed, err = r.network.Probe(gateway, netns.ToHub)
		return err != nil || passed.Only(cut)
	})
	if err == nil && late != nil {
		err = fmt.Errorf("another way is cut, or none: %w", late)
	}
	if err != nil {
		return passed, fmt.Errorf("%s: %v: %w", gateway, passed, err)
	}
	return passed, nil
}

// Confirm probes the way, and waits until a connection has bytes that are not acknowledged, and sends them again.
func (r *route) Confirm(ctx context.Context) (string, error) {
	var evidence []string
	for _, gw := range r.gateways {
		passed, err := r.probe(ctx, gw, r.directions)
		if err != nil {
			return "", err
		}
		var stuck netns.Connection
		if err := until(ctx, func() bool {
			stuck = r.stuck(gw)
			return stuck.Waiting > 0
		}); err != nil {
			return "", fmt.Errorf("no connection of %s has anything to say: %w", gw, err)
		}
		evidence = append(evidence, fmt.Sprintf("%s: %v; %v", gw, passed, stuck))
	}
	return strings.Join(evidence, ", "), nil
}

// stuck is a connection that waits to send something again, at either end.
func (r *route) stuck(gateway string) netns.Connection {
	for i, look := range []func(string, netns.Way) ([]netns.Connection, error){r.network.Connections, r.network.Answers} {
		// What the kernel cannot even hand on it does not count as sent.
		mine := i == 0 && r.directions&netns.Up != 0
		there, err := look(gateway, netns.ToHub)
		if err != nil {
			continue
		}
		for _, c := range there {
			if c.Waiting > 0 && c.Timer && (c.Again > 0 || mine) {
				return c
			}
		}
	}
	return netns.Connection{}
}

func (r *route) Heal(context.Context) error {
	if r.network == nil {
		return nil
	}
	var errs error
	for _, gw := range r.gateways {
		errs = errors.Join(errs, r.network.Heal(gw, netns.ToHub, r.directions))
	}
	r.before = r.counters()
	return errs
}

// ConfirmHealed probes the way, waits until bytes pass, and says what became of the connection that was there before.
func (r *route) ConfirmHealed(ctx context.Context) (string, error) {
	if r.network == nil {
		return "", nil
	}
	var evidence []string
	for _, gw := range r.gateways {
		passed, err := r.probe(ctx, gw, 0)
		if err != nil {
			return "", err
		}
		evidence = append(evidence, fmt.Sprintf("%s: %v", gw, passed))
	}
	passes, err := r.links.ConfirmHealed(ctx)
	if err != nil {
		return "", err
	}
	for _, gw := range r.gateways {
		evidence = append(evidence, r.fate(gw))
	}
	return strings.Join(append(evidence, passes), "; "), nil
}

// fate is what became of the connection that a gateway had.
func (r *route) fate(gateway string) string {
	was, ok := r.was[gateway]
	if !ok {
		return gateway + " had no connection before"
	}
	there, err := r.network.Connections(gateway, netns.ToHub)
	if err != nil {
		return err.Error()
	}
	for _, c := range there {
		if c.Local == was.Local && c.Remote == was.Remote {
			return fmt.Sprintf("the connection from %v goes on", c.Local)
		}
	}
	return fmt.Sprintf("the connection from %v was given up", was.Local)
}

package actors

import (
	"context"
	"fmt"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Assign makes the gateway serve the bus as the assignment says: devices are opened,
// changed and closed until they are what it names. It does not wait for that. A greater
// epoch closes the bus and opens it again, since sequences begin anew. The assignment
// must not be changed afterwards. The error is ErrInvalid for an assignment that
// makes no sense, and then nothing has changed.
func (g *Gateway) Assign(ctx context.Context, a *roostv1.Assignment) error {
	if err := checkAssignment(a); err != nil {
		return err
	}
	if err := g.ready(ctx); err != nil {
		return err
	}
	g.env.send(g.root, &assignBus{assignment: a})
	return nil
}

// Commands hands over commands of devices of the bus that have not ended, in their order, under the
// epoch of the last Assign: all there are after an Assign under a new epoch, and later ones as they
// come. Each is handed once an epoch, and again with a cancellation that came. It does not wait. A bus that is
// not served under the epoch takes none: they are another owner's. The messages must not be changed
// afterwards.
func (g *Gateway) Commands(bus string, epoch uint64, open []*roostv1.OpenCommand) {
	select {
	case <-g.begun:
		g.env.send(g.root, &commandsOf{bus: bus, epoch: epoch, open: open})
	default: // no bus is served
	}
}

// Withdraw closes the bus in order and returns nil when it is closed: each driver call has returned,
// or ignored the end of its context and was abandoned and counted, and none is begun any more, so nothing
// of this gateway touches its devices but what was abandoned. The record of a command that was on the wire
// is durable, those that wait or are UNKNOWN are left as the Journal has them, for the next owner. What was
// read is stored. When ctx
// ends first, the bus is cut off, which costs readings that are not stored, and the context's error
// is returned while calls may still run; another Withdraw then waits for these. The same is waited
// for before the bus is opened again. [TestWithdrawWaitsForTheDriver], [TestNewEpochWaitsForTheDriver]
func (g *Gateway) Withdraw(ctx context.Context, bus string) error {
	if err := g.ready(ctx); err != nil {
		return err
	}
	done := make(chan struct{})
	g.env.send(g.root, &withdrawBus{bus: bus, done: done})
	select {
	case <-done:
		return nil
	case <-g.ended:
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s is stopping", g.env.id)
	case <-ctx.Done():
		g.env.send(g.root, &killBus{bus: bus})
		return fmt.Errorf("withdraw bus %s: %w", bus, context.Cause(ctx))
	}
}

// Suspend tells that the gateway has no lease: no command goes to a shared device any more, one
// with an exclusive session is let go of, and the others are sampled on. Devices that are attached to
// this gateway alone are not touched by it. The Fence stops commands without being told; this
// makes the state visible, and keeps commands waiting or rejects them.
func (g *Gateway) Suspend() { g.setSuspended(true) }

// Resume ends what Suspend began.
func (g *Gateway) Resume() { g.setSuspended(false) }

func (g *Gateway) setSuspended(yes bool) {
	select {
	case <-g.begun:
	default:
		g.env.suspended.Store(yes)
		return
	}
	if g.env.suspended.Swap(yes) != yes {
		g.env.send(g.root, &leaseChanged{})
	}
}

// checkAssignment refuses what would not make sense to any actor.
func checkAssignment(a *roostv1.Assignment) error {
	if a == nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "the assignment is nil")
	}
	if err := roostv1.CheckID("bus", a.Bus); err != nil {
		return err
	}
	profiles := make(map[string]*roostv1.Profile, len(a.Profiles))
	for _, p := range a.Profiles {
		profiles[p.GetId()] = p
	}
	seen := make(map[string]bool, len(a.Devices))
	for _, d := range a.Devices {
		switch p := profiles[d.GetProfile()]; {
		case d == nil:
			return roostv1.Errorf(roostv1.ErrInvalid, "bus %s: a device is nil", a.Bus)
		case roostv1.CheckID("device id", d.Id) != nil:
			return fmt.Errorf("bus %s: %w", a.Bus, roostv1.CheckID("device id", d.Id))
		case seen[d.Id]:
			return roostv1.Errorf(roostv1.ErrInvalid, "bus %s: device %s is named twice", a.Bus, d.Id)
		case d.BusID() != a.Bus:
			return roostv1.Errorf(roostv1.ErrInvalid, "bus %s: device %s is on bus %s", a.Bus, d.Id, d.BusID())
		case p == nil:
			return roostv1.Errorf(roostv1.ErrNotFound, "bus %s: device %s has profile %q, which is not given", a.Bus, d.Id, d.Profile)
		}
		seen[d.Id] = true
	}
	return nil
}

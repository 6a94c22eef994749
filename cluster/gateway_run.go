package cluster

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// Run takes part in the cluster until ctx ends, leaves in order, and returns nil when all that
// it started has ended. A hub that is away is waited for, before and after; meanwhile the devices run that only this
// gateway can reach, if there is an Edge. Any other error
// ends Run: a schema or server that cannot be used, or another process that runs under the same
// id; both are ErrConflict. Run is called once.
func (g *Gateway) Run(ctx context.Context) error {
	g.hearing.begun = g.clock.Now()
	// What serves others ends after what they serve: events, the picture and the lease to the last.
	beneath, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	custody, err := newCustody(beneath, g)
	if err != nil {
		return err
	}
	group, failed := errgroup.WithContext(beneath)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(failed, cancel)()
	g.runAlone(beneath, group)
	met := make(chan bool, 1) // whether the hub was met, once it was or is not waited for any more
	group.Go(func() error {
		ok, err := g.meet(ctx)
		if err == nil && ok {
			err = g.runWithHub(beneath, group, custody)
		}
		met <- ok && err == nil
		return err
	})
	group.Go(func() error {
		defer stop()
		in := newIngress(g)
		g.serve(ctx, custody, in)
		cancel() // it may have ended by itself
		g.leave(beneath, custody, in, <-met)
		return nil
	})
	return group.Wait()
}

// runAlone starts what needs no hub.
func (g *Gateway) runAlone(ctx context.Context, group *errgroup.Group) {
	group.Go(func() error { return g.events.run(ctx) })
	group.Go(func() error { return g.journal.run(ctx) })
	group.Go(func() error { return g.waits.run(ctx) })
	group.Go(func() error { return g.desk.run(ctx) })
	if g.config.Edge != nil {
		group.Go(func() error { return g.config.Edge.write(ctx, g.log) })
	}
}

// meet waits for the hub, and checks that it can be used; false if ctx ended before.
func (g *Gateway) meet(ctx context.Context) (bool, error) {
	err := g.untilHub(ctx, "schema checked", func() error {
		return g.config.Schema.Ensure(ctx, g.config.Conn, g.names)
	})
	if err != nil || ctx.Err() != nil {
		return false, err
	}
	g.hearing.heard()
	return true, nil
}

// runWithHub starts what takes part in the cluster.
func (g *Gateway) runWithHub(ctx context.Context, group *errgroup.Group, custody *custody) error {
	var err error
	if g.keeper.follower, err = NewFollower(g.config.Conn, g.names, g.picture, g.Emit, g.log); err != nil {
		return err
	}
	group.Go(func() error { return g.keeper.follower.Run(ctx) })
	group.Go(func() error { return g.keeper.run(ctx, g.config.Conn) })
	group.Go(func() error { return custody.writer.run(ctx) })
	group.Go(func() error { return newSweeper(g).run(ctx) })
	group.Go(func() error { return g.peers.run(ctx) })
	if g.config.Edge != nil {
		group.Go(func() error { return newRegistrar(g).keep(ctx) })
		group.Go(func() error { return newMerger(g).run(ctx) })
	}
	return nil
}

// serve takes requests and keeps custody of buses, from when the gateway has its name until ctx ends.
func (g *Gateway) serve(ctx context.Context, custody *custody, in *ingress) {
	if !g.untilJoined(ctx, custody) || g.picture.Wait(ctx, g.keeper.standing().joined) != nil {
		return
	}
	if err := in.listen(ctx); err != nil { // before anything is served that may be asked for
		g.log.Warn("requests are not taken", "error", err)
	}
	close(g.heeds)
	custody.run(ctx)
}

// leave closes what the Host serves, gives up the buses, and says so. Requests are taken to the last: a
// device is served until it is put down. A hub that was never met is told nothing.
func (g *Gateway) leave(ctx context.Context, custody *custody, in *ingress, met bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.config.LeaveTimeout)
	defer cancel()
	if met {
		g.keeper.drain(ctx) // so that nobody gives back what is handed over
	}
	err := custody.vacate(ctx)
	in.stop()
	if err == nil && met {
		err = g.keeper.depart(ctx)
	}
	switch {
	case err != nil:
		g.log.Warn("left before all was handed over: peers will wait for the end of the lease", "error", err)
	case g.keeper.standing().phase == phaseDeparted:
		g.tell("left")
	}
}

package run

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/control"
)

// setUp starts the fleet, and what listens to it, and waits until all is where it belongs.
func (r *running) setUp(ctx context.Context) (err error) {
	r.enter(history.PhaseSetup)
	if _, err := runRecord(r.Plan, nil); err != nil {
		return err
	}
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return err
	}
	r.acks = load.NewAcks(names, r.recorders.acks)
	controls := ""
	if failpoint.Missing == "" {
		controls = r.controls()
	}
	r.fleet, err = fleet.New(fleet.Config{
		Controls: controls,
		Settings: r.settings, Folder: r.data(), Run: r.name, Seed: r.Plan.Seed, Program: r.Program, Env: r.Env,
		Note: r.process, Connected: r.listen, Claim: r.claim, Tap: r.acks.Tap,
		GatewayDisks: ownDisks(r.Plan), GatewayMemory: draws(r.Plan, plan.DiskFull), HubDisks: draws(r.Plan, plan.HubPowerCut),
	})
	if err != nil {
		return err
	}
	if err := r.fleet.Start(ctx); err != nil {
		return err
	}
	gate, cancel := context.WithTimeoutCause(ctx, gateTime, fmt.Errorf("not after %v", gateTime))
	defer cancel()
	if err := r.fleet.Settled(gate); err != nil {
		return fmt.Errorf("the fleet does not come up: %w", err)
	}
	return r.fleet.SyncDisks()
}

// listen starts what listens to the fleet, before its gateways are started.
func (r *running) listen(ctx context.Context) error {
	ctx, r.stopLoads = context.WithCancel(context.WithoutCancel(ctx))
	listeners, err := r.openListeners(ctx)
	if err != nil {
		return err
	}
	r.sink, r.watcher = listeners.sink, listeners.watcher
	r.loads.Go(func() error {
		if err := r.alarm.follow(ctx, r.fleet.Truth()); err != nil {
			r.face.say("%s violations are not told at once any more: %v", r.elapsed(), err) // the checkers tell them
		}
		return nil
	})
	r.loads.Go(func() error { return r.sink.Run(ctx) })
	r.loads.Go(func() error { return r.watcher.Run(ctx) })
	r.loads.Go(func() error { return listeners.asked.Run(ctx) })
	r.loads.Go(func() error { return r.feelPulse(ctx) })
	r.loads.Go(func() error { return load.Events(ctx, listeners.events, r.recorders.events) })
	if err := control.CheckFolder(r.fleet.GatewayFolder(r.settings.Gateway(1))); err != nil {
		r.face.say("%s what gateways say that they keep is not seen: %v", r.elapsed(), err)
	}
	for _, n := range r.fleet.Gateways() {
		r.loads.Go(func() error { return load.Kept(ctx, n.Name, r.fleet.GatewayFolder(n.Name), r.recorders.kept) })
	}
	return nil
}

// end stops all there is. The error is ErrLeft.
func (r *running) end() error {
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	if r.stopLoads != nil {
		r.stopLoads()
	}
	if err := r.loads.Wait(); err != nil {
		r.face.say("%s what listened to the fleet failed: %v", r.elapsed(), err)
	}
	if r.fleet != nil {
		r.fleet.Close()
		if err := r.fleet.Left(); err != nil {
			err = fmt.Errorf("%w: %w; roost chaos cleanup %s tries again", ErrLeft, err, r.Folder)
			r.face.say("%s %v", r.elapsed(), err)
			return err
		}
	}
	_ = r.manifest.Done(claims) // without these there is only more to look for
	_ = r.manifest.Done("run")
	return nil
}

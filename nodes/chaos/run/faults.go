package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// targetTime is how long a target may be away, or under another fault, until the entry is left out.
const targetTime = 10 * time.Second

// Skipped is an entry of the plan that was not done.
type Skipped struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	// Untriggered: what it waited for did not happen.
	Untriggered bool `json:"untriggered,omitempty"`
}

// hospital knows what is under a fault at present: no target is hit by two at a time.
type hospital struct {
	mu   sync.Mutex
	busy map[string]bool
}

// take takes targets, all or none.
func (h *hospital) take(targets []string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if slices.ContainsFunc(targets, func(t string) bool { return h.busy[t] }) {
		return false
	}
	for _, t := range targets {
		h.busy[t] = true
	}
	return true
}

func (h *hospital) give(targets []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range targets {
		delete(h.busy, t)
	}
}

// free takes what is under a fault out of a world.
func (h *hospital) free(w plan.World) plan.World {
	h.mu.Lock()
	defer h.mu.Unlock()
	busy := func(name string) bool { return h.busy[name] }
	w.Gateways = slices.DeleteFunc(w.Gateways, busy)
	w.Hubs = slices.DeleteFunc(w.Hubs, busy)
	w.Devices = slices.DeleteFunc(w.Devices, busy)
	for device, owner := range w.Owners {
		if busy(owner) {
			delete(w.Owners, device)
		}
	}
	if busy(w.Leader) {
		w.Leader = ""
	}
	return w
}

// breakThings carries out the plan, and returns when its time is over and every fault is undone.
func (r *running) breakThings(ctx context.Context) {
	injector := &fault.Injector{Fleet: r.fleet, Manifest: r.manifest, History: r.recorders.faults, Note: r.noteFault}
	ward := &hospital{busy: map[string]bool{}}
	began := time.Now()
	within, cancel := context.WithDeadline(ctx, began.Add(r.settings.Duration.Std()))
	defer cancel()
	var all sync.WaitGroup
	for _, e := range r.Plan.Entries {
		all.Go(func() {
			if pause(within, time.Until(began.Add(e.At.Std()))) {
				r.inject(ctx, within, injector, ward, e)
			}
		})
	}
	<-within.Done()
	all.Wait()
}

// inject finds the targets of an entry, and does it.
func (r *running) inject(ctx, within context.Context, injector *fault.Injector, ward *hospital, e plan.Entry) {
	targets, release, err := r.begin(within, ward, e)
	defer ward.give(targets)
	if err != nil {
		r.skip(e, err)
		return
	}
	defer release()
	result := injector.InjectOn(ctx, within, e, targets, release)
	if untriggered(result.Err) {
		r.skip(e, result.Err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results = append(r.results, result)
	if result.Err != nil && ctx.Err() == nil {
		r.face.say("%s %v", r.elapsed(), result.Err)
	}
}

// begin waits for what an entry waits for, and takes its targets: before that if they are what is watched.
func (r *running) begin(ctx context.Context, ward *hospital, e plan.Entry) (targets []string, release func(), err error) {
	first := e.On != nil && e.On.Where() == plan.TargetSame
	if first {
		if targets, err = r.target(ctx, ward, e); err != nil {
			return nil, nil, err
		}
	}
	if release, err = r.await(ctx, e, targets); err != nil || first {
		return targets, release, err
	}
	if targets, err = r.target(ctx, ward, e); err != nil {
		release()
	}
	return targets, release, err
}

func (r *running) skip(e plan.Entry, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skipped = append(r.skipped, Skipped{ID: e.ID, Reason: err.Error(), Untriggered: untriggered(err)})
	r.face.say("%s %s (%s of %s) was left out: %v", r.elapsed(), e.ID, e.Fault, e.Target, err)
}

// target waits until what an entry names is there, and under no other fault, and takes it.
func (r *running) target(ctx context.Context, ward *hospital, e plan.Entry) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, targetTime)
	defer cancel()
	chance := plan.Stream(r.Plan.Seed, "target/"+e.ID)
	for {
		targets, err := plan.Resolve(e.Target, ward.free(r.fleet.World(ctx)), chance)
		if err == nil && ward.take(targets) {
			return targets, nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			if err == nil {
				err = fmt.Errorf("%v is under another fault", targets)
			}
			return nil, err
		}
	}
}

// noteFault tells of a step of a fault.
func (r *running) noteFault(f history.Fault) {
	r.noteHeal(f)
	r.underFault(f)
	switch f.Step {
	case history.FaultApplied:
		r.face.say("%s %s %s %v: %s", r.elapsed(), f.ID, f.Fault, f.Targets, f.Evidence)
	case history.FaultHealed:
		r.face.say("%s %s %s %v healed", r.elapsed(), f.ID, f.Fault, f.Targets)
	}
}

// mend sees to it that all that is to run runs: what a fault could not undo is done once more here.
func (r *running) mend(ctx context.Context) error {
	var errs error
	for _, result := range r.faultResults() {
		if !result.Healed {
			errs = errors.Join(errs, result.Err)
		}
	}
	for _, n := range r.fleet.Nodes() {
		if _, runs := n.PID(); runs || n.Kind == fleet.KindHardware {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, gateTime)
		err := n.Start(bounded)
		cancel()
		if err != nil {
			errs = errors.Join(errs, err)
		}
	}
	return errs
}

func (r *running) faultResults() []fault.Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.results)
}

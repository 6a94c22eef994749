package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

const (
	// confirmTime is how long the effect of a fault may take to show, and healTime how long it may take to
	// undo it and to see that.
	confirmTime = 20 * time.Second
	healTime    = 40 * time.Second
)

// Injector does what a plan says.
type Injector struct {
	Fleet    *fleet.Fleet
	Manifest *Manifest
	// History of faults.
	History *history.Writer
	// Note is told of each step, for people; nil: nobody is.
	Note func(history.Fault)
}

// Result is what came of an entry of a plan.
type Result struct {
	Entry    plan.Entry
	Kind     history.FaultKind
	Targets  []string
	Down     []string
	Evidence []string
	// Confirmed: its effect was seen. Healed: its effect was seen to be gone.
	Confirmed, Healed bool
	// Err is what went wrong; a fault that was not healed is an error.
	Err error
}

// Inject does an entry of a plan to targets, for as long as it says or until ctx ends, and undoes it. It returns when
// it is undone.
func (i *Injector) Inject(ctx context.Context, e plan.Entry, targets []string) Result {
	return i.InjectOn(ctx, ctx, e, targets, nil)
}

// InjectOn is Inject of an entry that may wait for a point of its target to do it, until within ends: then it is not
// done, and the error is ErrNotTriggered. applied is called when its effect was seen, or was not; nil: nothing is.
func (i *Injector) InjectOn(ctx, within context.Context, e plan.Entry, targets []string, applied func()) Result {
	result := Result{Entry: e, Targets: targets}
	kind, err := Find(e.Fault)
	if err == nil {
		result.Kind, err = Recorded(e)
	}
	if err != nil {
		result.Err = err
		return result
	}
	f := kind.make(i.Fleet, e, targets)
	result.Down = f.Down()
	if result.Err = i.Manifest.Will(Undo{ID: e.ID, What: e.Fault, Targets: targets, Claims: claimsOf(f)}); result.Err != nil {
		return result
	}
	begun := boottime.Instant(0) // now
	if e.On.Exact() {
		if f, begun, result.Err = i.fire(within, f, e, targets[0]); result.Err != nil {
			result.Err = errors.Join(result.Err, i.Manifest.Done(e.ID))
			return result
		}
	}
	result.Err = i.apply(ctx, f, &result, begun)
	if applied != nil {
		applied()
	}
	if result.Err == nil {
		pauseUntil(ctx, e.Hold.Std())
	}
	result.Err = errors.Join(result.Err, i.heal(context.WithoutCancel(ctx), f, &result))
	return result
}

// claimsOf is what of this machine a fault is about to take.
func claimsOf(f Fault) []fleet.Claim {
	if taker, ok := f.(interface{ Claims() []fleet.Claim }); ok {
		return taker.Claims()
	}
	return nil
}

// fire has the trigger of an entry do it. What was begun is known only afterwards: begun is when it was not yet.
func (i *Injector) fire(ctx context.Context, f Fault, e plan.Entry, gateway string) (Fault, boottime.Instant, error) {
	a, err := arm(i.Fleet, e, f, gateway)
	if err != nil {
		return nil, 0, err
	}
	begun, err := a.fire(ctx)
	return a, begun, err
}

func (i *Injector) apply(ctx context.Context, f Fault, r *Result, begun boottime.Instant) error {
	i.recordAt(begun, r, history.FaultAsked, "")
	if err := f.Apply(ctx); err != nil {
		return fmt.Errorf("apply %s: %w", r.Entry.ID, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, confirmTime, fmt.Errorf("not within %v", confirmTime))
	defer cancel()
	evidence, err := f.Confirm(ctx)
	if err != nil {
		return fmt.Errorf("%s was not confirmed: %w", r.Entry.ID, err)
	}
	r.Confirmed = true
	r.Evidence = append(r.Evidence, evidence)
	i.record(r, history.FaultApplied, evidence)
	return nil
}

func (i *Injector) heal(ctx context.Context, f Fault, r *Result) error {
	ctx, cancel := context.WithTimeoutCause(ctx, healTime, fmt.Errorf("not within %v", healTime))
	defer cancel()
	i.record(r, history.FaultHealAsked, "")
	if err := f.Heal(ctx); err != nil {
		return fmt.Errorf("heal %s: %w", r.Entry.ID, err)
	}
	evidence, err := f.ConfirmHealed(ctx)
	if err != nil {
		return fmt.Errorf("%s was not seen to be healed: %w", r.Entry.ID, err)
	}
	r.Healed = true
	r.Evidence = append(r.Evidence, evidence)
	i.record(r, history.FaultHealed, evidence)
	return i.Manifest.Done(r.Entry.ID)
}

// record writes a step down. A history that cannot be written is found out by who closes it.
func (i *Injector) record(r *Result, step history.FaultStep, evidence string) {
	i.recordAt(0, r, step, evidence)
}

func (i *Injector) recordAt(at boottime.Instant, r *Result, step history.FaultStep, evidence string) {
	f := history.Fault{
		ID: r.Entry.ID, Step: step, Fault: r.Kind, Targets: r.Targets, Symbolic: r.Entry.Target, Evidence: evidence,
	}
	f.At = at
	if r.Entry.On.Exact() {
		f.Point = r.Entry.On.Failpoint
	}
	if step == history.FaultApplied {
		f.Down = r.Down
		f.Slow = slowness(r.Entry.Params)
	}
	if i.Note != nil {
		i.Note(f)
	}
	_ = i.History.Write(&f)
}

// againTime is how long it may take until a device that fails is tried again.
const againTime = 5 * time.Second

// slowness is by how much later a device may answer that is made to misbehave.
func slowness(p plan.Params) time.Duration {
	slow := p.Before.Std() + p.After.Std()
	if p.Crash > 0 || p.Babble > 0 {
		slow += againTime
	}
	return slow
}

// pauseOf waits; the error is that of ctx.
func pauseOf(ctx context.Context, d time.Duration) error {
	pauseUntil(ctx, d)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// pauseFor waits until it is time to ask again.
func pauseFor(ctx context.Context) error { return pauseOf(ctx, 200*time.Millisecond) }

// pauseUntil waits, but not beyond the end of ctx.
func pauseUntil(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

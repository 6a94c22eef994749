package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

const (
	// confirmTime is how long the effect of a fault may take to show, and healTime how long it may take to
	// undo it and to see that.
	confirmTime = 10 * time.Second
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
	result.Err = i.apply(ctx, f, &result)
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

func (i *Injector) apply(ctx context.Context, f Fault, r *Result) error {
	i.record(r, history.FaultAsked, "")
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
	f := history.Fault{
		ID: r.Entry.ID, Step: step, Fault: r.Kind, Targets: r.Targets, Symbolic: r.Entry.Target, Evidence: evidence,
	}
	if step == history.FaultApplied {
		f.Down = r.Down
	}
	if i.Note != nil {
		i.Note(f)
	}
	_ = i.History.Write(&f)
}

// pauseUntil waits, but not beyond the end of ctx.
func pauseUntil(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

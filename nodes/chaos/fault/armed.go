package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// ErrNotTriggered: what an entry waited for did not happen within its time.
var ErrNotTriggered = errors.New("its trigger did not fire")

const (
	// lookEvery is how often it is looked whether a trigger has fired.
	lookEvery = 5 * time.Millisecond
	// askTime is how long a gateway may take to answer that is not stopped.
	askTime = 200 * time.Millisecond
)

// armed is a fault that a point of the gateway's own work does by itself.
type armed struct {
	Fault
	point string
	// fire arms the point, and waits until it has fired, or ctx ends. begun is a moment before it did.
	fire func(ctx context.Context) (begun boottime.Instant, err error)
}

// arm makes the fault of an entry one that its trigger does.
func arm(f *fleet.Fleet, e plan.Entry, fault Fault, gateway string) (*armed, error) {
	node := f.Node(gateway)
	if node == nil {
		return nil, fmt.Errorf("there is no node %s", gateway)
	}
	clock, err := boottime.Open()
	if err != nil {
		return nil, err
	}
	w := &waiting{fleet: f, node: node, clock: clock, arm: failpoint.Arm{
		ID: e.ID, Point: e.On.Failpoint, Device: e.On.Device, After: e.On.Hit, Times: 1,
	}}
	a := &armed{Fault: fault, point: e.On.Failpoint}
	switch fault := fault.(type) {
	case *kill:
		w.arm.Do = failpoint.Kill
		a.fire = func(ctx context.Context) (boottime.Instant, error) { return w.killed(ctx, fault) }
	case *pause:
		w.arm.Do = failpoint.Stop
		a.fire = w.stopped
	default:
		return nil, fmt.Errorf("a point cannot do %s by itself", e.Fault)
	}
	return a, nil
}

// Apply does nothing: it was done.
func (*armed) Apply(context.Context) error { return nil }

// waiting waits for a point to fire.
type waiting struct {
	fleet *fleet.Fleet
	node  *fleet.Node
	clock boottime.Clock
	arm   failpoint.Arm
	last  boottime.Instant // when it had not fired yet
}

func (w *waiting) killed(ctx context.Context, k *kill) (boottime.Instant, error) {
	doomed, err := w.node.Doom()
	if err != nil {
		return 0, err
	}
	if err := w.begin(ctx); err != nil {
		doomed.Spare()
		return 0, err
	}
	for {
		select {
		case <-doomed.Ended():
			k.outcomes <- fmt.Sprintf("%s at %s: %s", w.node.Name, w.arm.Point, doomed.Outcome())
			return w.last, nil
		default:
		}
		if _, err := w.look(ctx); err != nil && ctx.Err() != nil {
			w.giveUp(ctx)
			select {
			case <-doomed.Ended(): // it came in the last moment
				continue
			default:
				doomed.Spare()
			}
			return 0, fmt.Errorf("%w: %s was not passed: %w", ErrNotTriggered, w.arm.Point, context.Cause(ctx))
		}
	}
}

func (w *waiting) stopped(ctx context.Context) (boottime.Instant, error) {
	pid, runs := w.node.PID()
	if !runs {
		return 0, fmt.Errorf("%s: %w", w.node.Name, fleet.ErrNotRunning)
	}
	if err := w.begin(ctx); err != nil {
		return 0, err
	}
	for fleet.ProcessState(pid) != 'T' {
		a, err := w.look(ctx)
		if s, _ := a.Status(w.arm.ID); s.Fired > 0 && fleet.ProcessState(pid) == 0 {
			break // where the system does not say whether a process stands still
		}
		if err == nil {
			continue
		}
		if _, runs := w.node.PID(); !runs {
			return 0, fmt.Errorf("%s: %w", w.node.Name, fleet.ErrNotRunning)
		}
		if ctx.Err() != nil {
			w.giveUp(ctx)
			if fleet.ProcessState(pid) == 'T' {
				break // it came in the last moment
			}
			return 0, fmt.Errorf("%w: %s was not passed: %w", ErrNotTriggered, w.arm.Point, context.Cause(ctx))
		}
	}
	return w.last, w.node.Pause() // once more, so that it is known to stand still
}

// begin arms the point.
func (w *waiting) begin(ctx context.Context) error {
	w.last = w.clock.Now()
	_, err := w.fleet.Control(ctx, w.node.Name, failpoint.Request{Op: "arm", Arm: &w.arm})
	return err
}

// look asks how it stands, and waits a little. It notes when the point had not fired.
func (w *waiting) look(ctx context.Context) (failpoint.Answer, error) {
	if err := pauseOf(ctx, lookEvery); err != nil {
		return failpoint.Answer{}, err
	}
	asking, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	now := w.clock.Now()
	a, err := w.fleet.Control(asking, w.node.Name, failpoint.Request{Op: "hits"})
	if s, ok := a.Status(w.arm.ID); err == nil && ok && s.Fired == 0 {
		w.last = now
	}
	return a, err
}

// giveUp disarms the point.
func (w *waiting) giveUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
	defer cancel()
	_, _ = w.fleet.Control(ctx, w.node.Name, failpoint.Request{Op: "disarm", ID: w.arm.ID}) // it ends with the process
}

// Held waits until somebody passes the point of a trigger at a gateway, and keeps him there until release is called.
func Held(ctx context.Context, f *fleet.Fleet, e plan.Entry, gateway string) (release func(), err error) {
	clock, err := boottime.Open()
	if err != nil {
		return nil, err
	}
	w := &waiting{fleet: f, node: f.Node(gateway), clock: clock, arm: failpoint.Arm{
		ID: e.ID + "/on", Point: e.On.Failpoint, Device: e.On.Device, After: e.On.Hit, Times: 1, Do: failpoint.Hang,
	}}
	if w.node == nil {
		return nil, fmt.Errorf("there is no node %s", gateway)
	}
	if err := w.begin(ctx); err != nil {
		return nil, err
	}
	release = func() { w.giveUp(ctx) }
	for {
		a, err := w.look(ctx)
		if s, _ := a.Status(w.arm.ID); s.Fired > 0 {
			return release, nil
		}
		if _, runs := w.node.PID(); !runs {
			return nil, fmt.Errorf("%s: %w", gateway, fleet.ErrNotRunning)
		}
		if err != nil && ctx.Err() != nil {
			release()
			return nil, fmt.Errorf("%w: %s was not passed: %w", ErrNotTriggered, w.arm.Point, context.Cause(ctx))
		}
	}
}

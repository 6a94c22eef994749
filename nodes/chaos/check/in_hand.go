package check

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// handTime is how long after it was let go on a process may take until what it had in hand arrives.
const handTime = time.Second

// inHand reports whether a gateway was stopped between its last look at lease and deadline and the write: whatever it is,
// one action that it had in hand then nobody can call back, and only a fence at the device can refuse it.
func inHand(w *history.FaultWindow) bool {
	return w.Fault == history.FaultPause && w.Confirmed && (w.Point == failpoint.DriverWrite || w.Point == failpoint.CheckAndDrive)
}

// handOver is how long after the pause what the gateway had in hand may arrive.
func handOver(w *history.FaultWindow) time.Duration {
	if inHand(w) {
		return handTime
	}
	return frameTime
}

// stoppedInHand reports whether the gateway of an action was stopped so some time from a to b, and had it in hand: that is
// the first one that it sent to the device once it went on, and no other.
func (f *finding) stoppedInHand(act *history.Action, a, b boottime.Instant) bool {
	return slices.ContainsFunc(f.h.Faults, func(w *history.FaultWindow) bool {
		return inHand(w) && slices.Contains(w.Targets, act.Gateway) && w.Excuses(a, b, f.limits.Epsilon) && b <= w.Healed.Add(handTime) &&
			f.firstSince(w.HealAsked, act)
	})
}

// firstSince reports whether the gateway of an action had sent no other one to the device since then.
func (f *finding) firstSince(since boottime.Instant, act *history.Action) bool {
	d := f.h.Devices[act.Device]
	return d == nil || !slices.ContainsFunc(d.Actions, func(other *history.Action) bool {
		return other.Gateway == act.Gateway && since <= other.At && other.At < act.At
	})
}

// letThrough reports whether an action under an old epoch is the one that a gateway had in hand, at a device that has no
// fence to refuse it. That it is only one is the matter of C6c.
func (f *finding) letThrough(d *history.Device, g *grants, a *history.Action) bool {
	if d.Spec.Fenced || g == nil {
		return false
	}
	_, next := g.find(a.Epoch)
	return next != nil && f.stoppedInHand(a, next.At, a.At.Add(-a.Waited))
}

package check_test

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func actAgain(w *world) (string, bool) {
	a, ok := one(w, of[*history.Action](w), func(a *history.Action) bool {
		c, d := w.callOf(a.Command), w.deviceOf(a.Device)
		return a.Done && c.Class != history.Absolute && d.owner().epoch > a.Epoch && d.owner().serves+10*ms < c.At.Add(c.Expires)
	})
	if !ok {
		return "", false
	}
	o := w.deviceOf(a.Device).owner()
	again := *a
	again.Peer, again.Epoch, again.Attempt = o.atHardware(), o.epoch, 2
	w.note(truthName, o.serves+1*ms, &again)
	return a.Command, true
}

func actAfter(states ...history.State) func(*world) (string, bool) {
	return func(w *world) (string, bool) {
		c, told, ok := w.ended(states...)
		if !ok {
			return "", false
		}
		at := told.At + 50*ms
		o, ok := one(w, w.deviceOf(c.Device).owners, func(o owner) bool { return o.serves <= at && at < o.to && w.undisturbed(o, at) })
		w.note(truthName, at, &history.Action{
			Device: c.Device, Command: c.Command, Resource: c.Resource, Value: c.Value, Epoch: o.epoch, Peer: o.atHardware(), Done: true,
		})
		return c.Command, ok
	}
}

func neverEnd(w *world) (string, bool) {
	c, _, ok := w.ended(history.Expired)
	if !ok {
		return "", false
	}
	w.drop(func(r history.Record) bool {
		a, ok := r.(*history.Answer)
		return ok && a.Command == c.Command && a.State.Final()
	})
	w.note("records", w.collect+1000*ms, &history.Answer{Command: c.Command, Device: c.Device, Source: history.FromRecord, State: history.Accepted, Accepted: c.At + 2*ms})
	return c.Command, true
}

func actLate(w *world) (string, bool) {
	a, ok := one(w, of[*history.Action](w), func(a *history.Action) bool {
		return a.Done && w.final(a.Command, history.Succeeded) != nil && a.At.Sub(w.callOf(a.Command).At) > 300*time.Millisecond
	})
	if !ok {
		return "", false
	}
	c := w.callOf(a.Command)
	c.Expires = a.At.Sub(c.At) - 200*time.Millisecond
	return a.Command, true
}

func neverDone(w *world) (string, bool) {
	c, _, ok := w.ended(history.Succeeded)
	if !ok {
		return "", false
	}
	w.drop(func(r history.Record) bool {
		a, ok := r.(*history.Action)
		return ok && a.Command == c.Command
	})
	return c.Command, true
}

func otherValue(w *world) (string, bool) {
	c, _, ok := w.ended(history.Succeeded)
	if !ok {
		return "", false
	}
	for _, a := range of[*history.Action](w) {
		if a.Command == c.Command {
			a.Value = "99.5"
		}
	}
	return c.Command, true
}

func failedAndDone(w *world) (string, bool) {
	c, _, ok := w.ended(history.Failed)
	if !ok {
		return "", false
	}
	for _, a := range of[*history.Action](w) {
		if a.Command == c.Command {
			a.Done = true
		}
	}
	return c.Command, true
}

func uselessly(w *world) (string, bool) {
	c, ok := one(w, of[*history.Call](w), func(c *history.Call) bool {
		told := w.final(c.Command, history.Succeeded)
		return c.Class != history.Query && told != nil && w.calm(c.At, told.At)
	})
	if !ok {
		return "", false
	}
	for _, a := range of[*history.Answer](w) {
		if a.Command == c.Command && a.State.Final() {
			a.State = history.Indeterminate
		}
	}
	return c.Command, true
}

func unstable(w *world) (string, bool) {
	a, ok := one(w, of[*history.Answer](w), func(a *history.Answer) bool {
		return a.Source == history.FromRecord && w.final(a.Command) != a
	})
	if !ok {
		return "", false
	}
	a.State = map[bool]history.State{true: history.Failed, false: history.Indeterminate}[a.State == history.Indeterminate]
	a.Effect = "unknown"
	return a.Command, true
}

func expiredEarly(w *world) (string, bool) {
	c, told, ok := w.ended(history.Expired)
	if !ok {
		return "", false
	}
	told.At = c.At + 100*ms
	return c.Command, true
}

func madeUp(w *world) (string, bool) {
	a, ok := one(w, of[*history.Answer](w), func(a *history.Answer) bool { return a.Value != "" })
	if ok {
		a.Value = "451"
	}
	return a.Command, ok
}

func dispatchedAndUnsent(w *world) (string, bool) {
	c, told, ok := w.ended(history.Expired, history.Rejected, history.Cancelled, history.Superseded)
	if !ok {
		return "", false
	}
	told.Attempt = 1
	return c.Command, true
}

func unheard(w *world) (string, bool) {
	c, ok := one(w, of[*history.Call](w), func(c *history.Call) bool {
		return c.Class != history.Query && w.calm(c.At, c.At+100*ms) && w.final(c.Command) != nil
	})
	if !ok {
		return "", false
	}
	w.drop(func(r history.Record) bool {
		switch r := r.(type) {
		case *history.Answer:
			return r.Command == c.Command
		case *history.Action:
			return r.Command == c.Command
		default:
			return false
		}
	})
	w.note("client-1", c.At+100*ms, &history.Answer{Command: c.Command, Device: c.Device, Source: history.FromReply, Error: "BUSY"})
	return c.Command, true
}

// leavesDoubt reports whether a fault is near that is a reason not to know what a command did: one that is not a stop in order.
func (w *world) leavesDoubt(a, b boottime.Instant) bool {
	return slices.ContainsFunc(w.faults, func(f *fault) bool {
		return f.kind != history.FaultStop && f.asked <= b.Add(failover) && a <= f.healed.Add(failover)
	})
}

func doubtful(w *world) (string, bool) {
	c, ok := one(w, of[*history.Call](w), func(c *history.Call) bool {
		told := w.final(c.Command, history.Succeeded)
		return c.Class == history.Absolute && c.QueueWhileAway && c.Expires > 8*time.Second && told != nil && w.leavesDoubt(c.At, told.At) &&
			told.At.Sub(c.At) < 4*time.Second
	})
	if !ok {
		return "", false
	}
	for _, a := range of[*history.Answer](w) {
		if a.Command == c.Command && a.State.Final() {
			a.State = history.Indeterminate
		}
	}
	return c.Command, true
}

package check_test

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func unconfirmed(w *world) (string, bool) {
	f := w.faults[w.IntN(len(w.faults))]
	w.drop(func(r history.Record) bool {
		step, ok := r.(*history.Fault)
		return ok && step.ID == f.id && step.Step == history.FaultApplied
	})
	return "fault " + f.id, true
}

func nothingQuiet(w *world) (string, bool) {
	quiet := map[string]bool{}
	for _, c := range of[*history.Call](w) {
		quiet[c.Command] = c.At < w.broken
	}
	w.drop(func(r history.Record) bool {
		switch r := r.(type) {
		case *history.Call:
			return quiet[r.Command]
		case *history.Answer:
			return quiet[r.Command]
		case *history.Action:
			return quiet[r.Command]
		default:
			return false
		}
	})
	return "0 commands succeeded in the quiet phase", true
}

func twoAtEnd(w *world) (string, bool) {
	p, _ := one(w, of[*history.Picture](w), func(*history.Picture) bool { return true })
	p.Owner = history.Peer{Gateway: "gw-9", Incarnation: "i9"}
	return p.Bus, true
}

func twoReaders(w *world) (string, bool) {
	r, ok := one(w, of[*history.Read](w), func(r *history.Read) bool { return r.At > w.drain })
	r.Peer = history.Peer{Gateway: "gw-9", Incarnation: "i9"}
	return r.Device, ok
}

func anotherReader(w *world) (string, bool) {
	r, ok := one(w, of[*history.Read](w), func(r *history.Read) bool { return r.At > w.drain })
	r.Incarnation = "a clone"
	return r.Device, ok
}

func notEmpty(w *world) (string, bool) {
	b, _ := one(w, of[*history.Backlog](w), func(*history.Backlog) bool { return true })
	b.Waiting = 5
	return b.Holder, true
}

func leak(w *world) (string, bool) {
	x, _ := one(w, of[*history.Health](w), func(x *history.Health) bool { return x.At > w.collect })
	x.Goroutines = 10_000
	return x.Node, true
}

func noRestart(w *world) (string, bool) {
	f, ok := one(w, w.faults, func(f *fault) bool { return f.kind == history.FaultPanic })
	if !ok {
		return "", false
	}
	w.drop(func(r history.Record) bool {
		e, ok := r.(*history.Event)
		return ok && e.Device == f.device.spec.ID && f.asked <= e.At && e.At <= f.healed.Add(failover)
	})
	return f.device.spec.ID, true
}

func spinning(w *world) (string, bool) {
	d := w.devices[w.IntN(len(w.devices))]
	for i := range boottime.Instant(12) {
		w.note("gw-1", w.quiet+i*200*ms, &history.Event{Device: d.spec.ID, Event: history.EventRestarted})
	}
	return d.spec.ID, true
}

func staleWrite(w *world) (string, bool) {
	all := of[*history.Register](w)
	stale, ok := one(w, all, func(r *history.Register) bool {
		return r.Outcome == history.RegisterRefused && slices.ContainsFunc(all, func(later *history.Register) bool {
			return later.Key == r.Key && later.Called > r.At && later.Outcome == history.RegisterDone
		})
	})
	if !ok {
		return "", false
	}
	stale.Outcome, stale.Revision = history.RegisterDone, 1_000_000
	return stale.Key, true
}

func staleRead(w *world) (string, bool) {
	d, old, now, ok := w.lost(func(*device) bool { return true })
	if !ok {
		return "", false
	}
	for i, o := range []owner{now, old} {
		at := now.from + boottime.Instant(i+1)*20*ms
		w.note("registers", at, &history.Register{
			Client: "client-3", Key: "own." + d.spec.Bus, Operation: history.RegisterRead, Outcome: history.RegisterDone,
			Called: at - 5*ms, Value: o.Name(), Revision: o.epoch,
		})
	}
	return "own." + d.spec.Bus, true
}

func forked(w *world) (string, bool) {
	first, ok := one(w, of[*history.Register](w), func(r *history.Register) bool { return r.Stored })
	if !ok {
		return "", false
	}
	second := *first
	second.Value, second.Client = "never", "client-3"
	w.note("stream of registers", first.At+20*ms, &second)
	w.note("registers", first.At+30*ms, &history.Register{
		Client: "client-3", Key: first.Key, Operation: history.RegisterWrite, Outcome: history.RegisterUnsure,
		Called: first.At + 10*ms, Expect: first.Expect, Value: second.Value,
	})
	return first.Key, true
}

func staleRenewal(w *world) (string, bool) {
	all := of[*history.Lease](w)
	l, ok := one(w, all, func(l *history.Lease) bool {
		return slices.ContainsFunc(all, func(x *history.Lease) bool {
			return x.Gateway == l.Gateway && x.Sequence == l.Previous && x.Previous != 0
		})
	})
	if !ok {
		return "", false
	}
	l.Previous--
	return "member." + l.Gateway, true
}

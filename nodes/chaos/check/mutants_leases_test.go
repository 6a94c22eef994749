package check_test

import (
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// readsOn finds a device that its flaw lets be read on.
func readsOn(w *world) (string, bool) {
	f, ok := one(w, w.faults, func(f *fault) bool { return f.kind == history.FaultPartition && f.takes() })
	if !ok {
		return "", false
	}
	d, ok := one(w, w.devices, func(d *device) bool {
		return d.spec.Exclusive && !d.spec.Attached() && d.ownerAt(f.asked).Gateway == f.gateway.name && d.ownerAt(f.asked).polls == f.healed
	})
	if !ok {
		return "", false
	}
	return d.spec.ID, true
}

func blindOwner(w *world) (string, bool) {
	g, ok := one(w, of[*history.Grant](w), func(g *history.Grant) bool { return g.Previous != 0 })
	if !ok {
		return "", false
	}
	g.Previous = 0
	return g.Bus, true
}

func blindLease(w *world) (string, bool) {
	l, ok := one(w, of[*history.Lease](w), func(l *history.Lease) bool { return l.Previous != 0 })
	if !ok {
		return "", false
	}
	l.Previous = 0
	return l.Gateway, true
}

// renewEnded has a gateway renew a lease that others have ended.
func renewEnded(w *world) (string, bool) {
	all := of[*history.Lease](w)
	end, ok := one(w, all, func(l *history.Lease) bool { return l.State == history.LeaseEvicted })
	if !ok {
		return "", false
	}
	at := end.At + 1*ms
	again := &history.Lease{Peer: end.Peer, State: history.LeaseLive, Sequence: w.sequence(at), Previous: end.Sequence}
	if i := slices.IndexFunc(all, func(l *history.Lease) bool { return l.Previous == end.Sequence && l.Gateway == end.Gateway }); i >= 0 {
		all[i].Previous = again.Sequence
	}
	w.note("members", at, again)
	return end.Gateway, true
}

// evictEarly has a gateway evicted while its lease lasts.
func evictEarly(w *world) (string, bool) {
	all := of[*history.Lease](w)
	end, ok := one(w, all, func(l *history.Lease) bool { return l.State == history.LeaseEvicted })
	if !ok {
		return "", false
	}
	last := slices.IndexFunc(all, func(l *history.Lease) bool { return l.Gateway == end.Gateway && l.Sequence == end.Previous })
	if last < 0 {
		return "", false
	}
	end.At = all[last].At + 1500*ms
	return end.Gateway, true
}

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

// takeFromLiving has a bus taken that its owner had lost before the owner was evicted.
func takeFromLiving(w *world) (string, bool) {
	leases := of[*history.Lease](w)
	grants := of[*history.Grant](w)
	fits := func(now *history.Grant) (*history.Lease, bool) {
		i := slices.IndexFunc(grants, func(g *history.Grant) bool { return g.Bus == now.Bus && g.Epoch == now.Previous })
		if i < 0 || now.HandedOverBy != "" {
			return nil, false
		}
		end := slices.IndexFunc(leases, func(l *history.Lease) bool { return l.Peer == grants[i].Peer && l.State == history.LeaseEvicted })
		if end < 0 || leases[end].Sequence > now.Epoch {
			return nil, false
		}
		between := func(l *history.Lease) bool {
			return l.Gateway == leases[end].Gateway && leases[end].Sequence < l.Sequence && l.Sequence < now.Epoch
		}
		if slices.ContainsFunc(leases, between) {
			return nil, false // its next run is there already, as with what is attached to it, and cannot have come before that end
		}
		return leases[end], true
	}
	now, ok := one(w, grants, func(g *history.Grant) bool { _, ok := fits(g); return ok })
	if !ok {
		return "", false
	}
	end, _ := fits(now)
	before := end.Sequence
	end.Sequence = now.Epoch + 1
	for _, l := range leases {
		if l.Previous == before && l.Gateway == end.Gateway {
			l.Previous = end.Sequence
		}
	}
	return now.Bus, true
}

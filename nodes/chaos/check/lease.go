package check

import (
	"slices"
	"sort"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// renewals are the times at which the hub stored the renewals of runs of gateways. A gateway counts its lease
// from before it sent the renewal, so from the hub's time on it never lasts longer.
type renewals map[history.Peer][]boottime.Instant

// of returns the renewals of the run of a gateway that an action's epoch was given to; none if that is not known.
func (r renewals) of(g *grants, a *history.Action) []boottime.Instant {
	if g == nil {
		return nil
	}
	grant, _ := g.find(a.Epoch)
	if grant == nil || grant.Gateway != a.Gateway {
		return nil
	}
	return r[grant.Peer]
}

// leases returns the renewals of all gateways.
func (f *finding) leases() renewals {
	all := renewals{}
	for _, gateway := range sortedKeys(f.h.Leases) {
		f.Metrics["renewals told by those who asked"] += float64(len(f.unseen(gateway)))
		for _, r := range f.renewalsOf(gateway) {
			all[r.Peer] = append(all[r.Peer], r.At)
		}
	}
	for _, at := range all {
		slices.Sort(at)
	}
	return all
}

// renewalsOf returns the renewals of a gateway of which it is known that they were stored.
func (f *finding) renewalsOf(gateway string) []*history.Lease {
	seen := slices.DeleteFunc(slices.Clone(f.h.Leases[gateway]), func(r *history.Lease) bool { return !alive(r) })
	return append(seen, f.unseen(gateway)...)
}

// unseen returns the renewals of a gateway of which it is known that they were stored, though nobody saw them there: they were
// asked for in place of a record, no other one is known to have taken that place, as stored or as acknowledged, and something later
// was written in place of a newer one. Of several that asked for the same place one was stored, and none was sent after the last;
// so they count only if all of them are renewals of one run: else another run may have got it, or who ended the lease.
func (f *finding) unseen(gateway string) []*history.Lease {
	taken := map[uint64]bool{}
	newest := uint64(0)
	for _, r := range f.h.Leases[gateway] {
		taken[r.Previous] = true
		newest = max(newest, r.Previous)
	}
	first := map[uint64]*history.Lease{} // who asked for a place
	for _, r := range f.h.Asked[gateway] {
		one, ok := first[r.Previous]
		if !ok {
			first[r.Previous] = r
			one = r
		}
		if r.Peer != one.Peer || !alive(r) {
			taken[r.Previous] = true // by which of them is not known
		}
	}
	return slices.DeleteFunc(slices.Clone(f.h.Asked[gateway]), func(r *history.Lease) bool {
		return taken[r.Previous] || r.Previous == 0 || r.Previous >= newest
	})
}

// missed returns the record of a gateway's lease before which others were missed, at the time of an action; nil if none
// were. Only then it is not known how long the lease lasted.
func (f *finding) missed(gateway string, at boottime.Instant) *history.Lease {
	records := f.h.Leases[gateway]
	for i, r := range records[min(1, len(records)):] {
		if r.Previous != records[i].Sequence && records[i].At <= at && at <= r.At.Add(f.limits.Epsilon) {
			return r
		}
	}
	return nil
}

// withoutLease is C6e.
func (f *finding) withoutLease(d *history.Device, g *grants, leases renewals) {
	for _, a := range d.Actions {
		at := leases.of(g, a)
		if !a.Done || len(at) == 0 {
			continue
		}
		arrived := a.At.Add(-a.Waited)
		last := sort.Search(len(at), func(i int) bool { return at[i] > arrived.Add(f.limits.Epsilon) }) - 1
		if last < 0 {
			continue // it was given the bus before the first renewal that is known
		}
		f.Metrics["driven under a lease"]++
		ended := at[last].Add(f.limits.Lease)
		if arrived <= ended.Add(f.limits.Epsilon) || f.heldUp(d, a, ended, arrived) {
			continue
		}
		if next := f.missed(a.Gateway, arrived); next != nil {
			f.unknown("%s was driven by %s while records of its lease are missing, before %s", d.ID, a.Name(), next.ID())
			continue
		}
		if f.busy(d.ID, arrived.Sub(ended), ended, arrived) {
			continue // its gateway stood still between its last look at the lease and this
		}
		f.violated("C6e", d.ID, suspect{device: d.ID, bus: d.Spec.Bus}, []history.Record{a},
			"%s was driven by %s %v after its lease had ended", d.ID, a.Name(), arrived.Sub(ended))
	}
}

// frameTime is how long after it was let go on a process may take to hand over the frame that it was about to.
const frameTime = 100 * time.Millisecond

// heldUp reports whether the action may have been on its way when the lease ended: its link held it back, or its gateway
// was stopped with that one frame in hand.
func (f *finding) heldUp(d *history.Device, a *history.Action, ended, arrived boottime.Instant) bool {
	return f.heldOnWay(a, ended, arrived) || slices.ContainsFunc(f.h.Faults, func(w *history.FaultWindow) bool {
		return w.Fault == history.FaultPause && slices.Contains(w.Targets, a.Gateway) && w.Excuses(ended, arrived, f.limits.Epsilon) &&
			arrived <= w.Healed.Add(handOver(w)) && !slices.ContainsFunc(d.Actions, func(other *history.Action) bool {
			return other.Peer == a.Peer && w.HealAsked <= other.At && other.At < a.At
		})
	})
}

// heldOnWay reports whether the link from the gateway to the device held back what was on it, some time from a to b.
func (f *finding) heldOnWay(act *history.Action, a, b boottime.Instant) bool {
	to := []string{history.Link(act.Gateway, act.Device), history.Link(act.Gateway, history.TruthName)}
	return slices.ContainsFunc(f.h.Faults, func(w *history.FaultWindow) bool {
		return w.Excuses(a, b, f.limits.Epsilon) && slices.ContainsFunc(w.Down, func(name string) bool { return slices.Contains(to, name) })
	})
}

package check

import (
	"cmp"
	"slices"
	"sort"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// leaseChain is C6a for leases, and C6f. The records of a gateway replace each other, each on the condition that the one
// before is the last; so they are a chain, and which is the later one is known exactly. Records that were missed hide
// something at worst.
func (f *finding) leaseChain(gateway string) {
	records := f.chain(gateway)
	ended := map[history.Peer]*history.Lease{}
	for i, r := range records {
		if i > 0 && r.Previous == 0 {
			f.lease("C6a", records[i-1], r, "a record of the lease of %s was written whatever was there", gateway)
		}
		switch {
		case alive(r):
			if end := ended[r.Peer]; end != nil {
				f.lease("C6a", end, r, "%s has renewed its lease after that had ended", r.Name())
			}
		case r.State == history.LeaseEvicted:
			if i > 0 {
				f.evictedEarly(records[i-1], r)
			}
			ended[r.Peer] = r
		case r.State == history.LeaseLeft:
			ended[r.Peer] = r
		}
	}
}

// chain returns the records of a gateway by their sequences.
func (f *finding) chain(gateway string) []*history.Lease {
	records := slices.Clone(f.h.Leases[gateway])
	slices.SortStableFunc(records, func(a, b *history.Lease) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return slices.CompactFunc(records, func(a, b *history.Lease) bool { return a.Sequence == b.Sequence }) // seen twice
}

// evictedEarly is C6f. What the holder counts its lease from lies before the hub stored it, so that this is the latest
// that it can end.
func (f *finding) evictedEarly(last, end *history.Lease) {
	if last.Peer != end.Peer || !alive(last) || end.Previous != last.Sequence {
		return
	}
	f.Metrics["evictions"]++
	if early := last.At.Add(f.limits.Lease).Sub(end.At); early > f.limits.ClockError {
		f.lease("C6f", last, end, "%s was evicted %v before its lease had ended", end.Name(), early)
	}
}

// takenFrom is C6f for a bus that was taken: its owner must have ended by then. All of these records are in one stream, so their
// sequences tell which came first. Where a record may have been missed, nothing is said.
func (f *finding) takenFrom(bus string, old, now *history.Grant) {
	if old.Gateway == "" || now.HandedOverBy != "" {
		return
	}
	records := f.chain(old.Gateway)
	i := sort.Search(len(records), func(i int) bool { return records[i].Sequence > now.Epoch })
	if i == 0 || i == len(records) || records[i].Previous != records[i-1].Sequence {
		return
	}
	if last := records[i-1]; last.Peer == old.Peer && alive(last) {
		f.violated("C6f", bus, suspect{bus: bus, gateway: old.Gateway}, []history.Record{old, last, now},
			"bus %s was taken from %s by %s, and the lease of %s had not been ended", bus, old.Name(), now.Name(), old.Name())
	}
}

// alive reports whether a record says that its gateway is a member.
func alive(r *history.Lease) bool {
	return r.State == history.LeaseLive || r.State == history.LeaseDraining
}

func (f *finding) lease(clause string, before, r *history.Lease, format string, args ...any) {
	f.violated(clause, r.Gateway, suspect{gateway: r.Gateway}, []history.Record{before, r}, format, args...)
}

// readWithoutLease is C6e for devices that take one session only: who reads one keeps the next owner out.
func (f *finding) readWithoutLease(d *history.Device, renewed map[string][]boottime.Instant) {
	if !d.Spec.Exclusive {
		return
	}
	for _, r := range d.Reads {
		at := renewed[r.Gateway]
		last, _ := slices.BinarySearch(at, r.At.Add(f.limits.Epsilon)+1)
		if !r.Done || last == 0 {
			continue
		}
		f.Metrics["read under a lease"]++
		ended := at[last-1].Add(f.limits.Lease)
		if r.At <= ended.Add(f.limits.Epsilon) || f.readHeldUp(d, r, ended) {
			continue
		}
		if next := f.missed(r.Gateway, r.At); next != nil {
			f.unknown("%s was read by %s while records of its lease are missing, before %s", d.ID, r.Name(), next.ID())
			continue
		}
		if f.busy(d.ID, r.At.Sub(ended), ended, r.At) {
			continue // its gateway stood still between its last look at the lease and this
		}
		f.violated("C6e", d.ID, suspect{device: d.ID, bus: d.Spec.Bus}, []history.Record{r},
			"%s, which takes one session only, was read by %s %v after the lease of its gateway had ended", d.ID, r.Name(), r.At.Sub(ended))
	}
}

// renewed are the renewals of gateways, whatever their runs: the hardware has other names for those.
func (f *finding) renewed() map[string][]boottime.Instant {
	all := map[string][]boottime.Instant{}
	for gateway := range f.h.Leases {
		for _, r := range f.renewalsOf(gateway) {
			all[gateway] = append(all[gateway], r.At)
		}
		slices.Sort(all[gateway])
	}
	return all
}

// readHeldUp reports whether a read may have been on its way when the lease ended: a link held it back, or its gateway was
// stopped and has just been let go on.
func (f *finding) readHeldUp(d *history.Device, r *history.Read, ended boottime.Instant) bool {
	to := []string{history.Link(r.Gateway, d.ID), history.Link(r.Gateway, history.TruthName)}
	return slices.ContainsFunc(f.h.Faults, func(w *history.FaultWindow) bool {
		if !w.Excuses(ended, r.At, f.limits.Epsilon) {
			return false
		}
		held := slices.ContainsFunc(w.Down, func(name string) bool { return slices.Contains(to, name) })
		return held || w.Fault == history.FaultPause && slices.Contains(w.Targets, r.Gateway) && r.At <= w.Healed.Add(frameTime)
	})
}

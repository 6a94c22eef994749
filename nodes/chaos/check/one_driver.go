package check

import (
	"slices"
	"sort"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// OneDriver is C6: a device is driven by the owner of its bus, and by nobody else.
//
//	C6a  an epoch has one owner, each write of an owner or a lease replaces the one before it, a lease that has ended is not
//	     renewed, and no write of an owner was missed
//	C6b  epochs never fall at the device, one run of one gateway acts under each, and that is its owner
//	C6c  a device without a fence is not driven after the next owner was named
//	C6e  nobody drives a device after its lease has ended, nor reads one that takes one session only
//	C6f  nobody is evicted before its lease has ended, and no bus is taken from a run of a gateway that has not ended
//
// What a device refused was no drive: the fence held. It is counted (C6d).
func OneDriver(h *history.History) Result {
	f := begin(h, "C6", "one driver")
	grants := map[string]*grants{}
	for _, id := range sortedKeys(h.Buses) {
		grants[id] = f.grantsOf(h.Buses[id])
	}
	for _, gateway := range sortedKeys(h.Leases) {
		f.leaseChain(gateway)
	}
	leases, renewed := f.leases(), f.renewed()
	for _, id := range sortedKeys(h.Devices) {
		d := h.Devices[id]
		g := grants[d.Spec.Bus]
		f.effective(d, g)
		f.afterNextGrant(d, g)
		if !d.Spec.Attached() {
			f.withoutLease(d, g, leases)
			f.readWithoutLease(d, renewed)
		}
	}
	if f.Examined == 0 {
		f.unknown("no action was done")
	}
	return f.end()
}

// grants are the owners of a bus.
type grants struct {
	list  []*history.Grant // by epoch, one each
	whole bool             // none was missed
}

// ownersOf returns the grants of a bus with one for each epoch: two owners of one are the matter of C6a. A bus of which
// nothing is known has none.
func ownersOf(h *history.History, bus string) []*history.Grant {
	if h.Buses[bus] == nil {
		return nil
	}
	return slices.CompactFunc(slices.Clone(h.Buses[bus].Grants), func(a, b *history.Grant) bool { return a.Epoch == b.Epoch })
}

// grantsOf is C6a.
func (f *finding) grantsOf(bus *history.Bus) *grants {
	g := &grants{whole: true}
	for _, next := range bus.Grants {
		if len(g.list) == 0 {
			g.list = append(g.list, next)
			continue
		}
		last := g.list[len(g.list)-1]
		switch {
		case next.Epoch == last.Epoch && next.Peer != last.Peer:
			f.violated("C6a", bus.ID, suspect{bus: bus.ID}, []history.Record{last, next},
				"epoch %d of bus %s was given to %s and to %s", next.Epoch, bus.ID, last.Name(), next.Name())
			continue
		case next.Epoch == last.Epoch:
			continue // it was seen twice
		case next.Previous == 0:
			f.violated("C6a", bus.ID, suspect{bus: bus.ID}, []history.Record{last, next},
				"bus %s was given to %s under epoch %d whatever was there: the epoch before is %d", bus.ID, next.Name(), next.Epoch, last.Epoch)
		case next.Previous != last.Epoch:
			g.whole = false
			f.unknown("the owners of bus %s between epochs %d and %d are not known", bus.ID, last.Epoch, next.Epoch)
		case next.Gateway != last.Gateway && next.Gateway != "":
			f.Metrics["owner changes"]++
			f.takenFrom(bus.ID, last, next)
		}
		g.list = append(g.list, next)
	}
	return g
}

// find returns the grant with an epoch; nil if there is none.
func (g *grants) find(epoch uint64) (grant, next *history.Grant) {
	i := sort.Search(len(g.list), func(i int) bool { return g.list[i].Epoch >= epoch })
	if i == len(g.list) || g.list[i].Epoch != epoch {
		return nil, nil
	}
	if i+1 < len(g.list) {
		next = g.list[i+1]
	}
	return g.list[i], next
}

// at returns the grant that holds at some time; nil if there is none yet.
func (g *grants) at(t boottime.Instant) *history.Grant {
	i := sort.Search(len(g.list), func(i int) bool { return g.list[i].At > t })
	if i == 0 {
		return nil
	}
	return g.list[i-1]
}

// effective is C6b. The hardware's order is exact.
func (f *finding) effective(d *history.Device, g *grants) {
	var newest *history.Action
	for _, a := range d.Actions {
		if !a.Done {
			if a.Stale {
				f.Metrics["stale attempts refused"]++
			}
			continue
		}
		f.Examined++
		about := suspect{device: d.ID, bus: d.Spec.Bus}
		switch {
		case newest != nil && a.Epoch < newest.Epoch && f.letThrough(d, g, a):
			continue
		case newest != nil && a.Epoch < newest.Epoch:
			f.violated("C6b", d.ID, about, []history.Record{newest, a},
				"%s was driven by %s under epoch %d, after epoch %d of %s", d.ID, a.Name(), a.Epoch, newest.Epoch, newest.Name())
			continue
		case newest != nil && a.Epoch == newest.Epoch && a.Peer != newest.Peer:
			f.violated("C6b", d.ID, about, []history.Record{newest, a},
				"%s was driven under epoch %d by %s and by %s", d.ID, a.Epoch, newest.Name(), a.Name())
			continue
		case g != nil:
			f.granted(d, g, a)
		}
		newest = a
	}
}

// granted looks whether the bus was given to whoever acted, under the epoch of the action.
func (f *finding) granted(d *history.Device, g *grants, a *history.Action) {
	about := suspect{device: d.ID, bus: d.Spec.Bus}
	switch grant, _ := g.find(a.Epoch); {
	case grant != nil && grant.Gateway != a.Gateway:
		f.violated("C6b", d.ID, about, []history.Record{grant, a},
			"%s was driven by %s under epoch %d, which belongs to %s", d.ID, a.Name(), a.Epoch, grant.Name())
	case grant == nil && g.whole && len(g.list) > 0 && a.Epoch >= g.list[0].Epoch:
		f.violated("C6b", d.ID, about, []history.Record{a},
			"%s was driven by %s under epoch %d, which nobody was given", d.ID, a.Name(), a.Epoch)
	}
}

// afterNextGrant is C6c. With Limits.InFlight one action in each takeover may come that much late: it
// was in the kernel already, and so may one that its gateway had in hand when it was stopped. What its link held back does not count, and of fenced devices it is counted only.
func (f *finding) afterNextGrant(d *history.Device, g *grants) {
	if g == nil {
		return
	}
	late := map[uint64]int{} // by epoch
	for _, a := range d.Actions {
		if !a.Done {
			continue
		}
		grant, next := g.find(a.Epoch)
		if grant == nil || next == nil {
			continue
		}
		by := a.At.Add(-a.Waited).Sub(next.At)
		if by <= f.limits.Epsilon {
			continue
		}
		f.Metrics["driven after the next grant"]++
		late[a.Epoch]++
		inFlight := late[a.Epoch] == 1 && by <= f.limits.InFlight
		if left := a.At.Add(-a.Waited); d.Spec.Fenced || inFlight || f.heldOnWay(a, next.At, left) || f.stoppedInHand(a, next.At, left) {
			continue
		}
		f.violated("C6c", d.ID, suspect{device: d.ID, bus: d.Spec.Bus}, []history.Record{next, a},
			"%s was driven by %s under epoch %d, %v after bus %s was given to %s", d.ID, a.Name(), a.Epoch, by, d.Spec.Bus, next.Name())
	}
}

package check

import (
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// handOvers judges the gaps of planned hand-overs, by the hardware: from the last read for the old owner to the
// first one for the new, less the period in which it would have been read anyhow.
func (f *finding) handOvers() {
	var gaps []time.Duration
	for _, id := range sortedKeys(f.h.Devices) {
		d := f.h.Devices[id]
		owners := ownersOf(f.h, d.Spec.Bus)
		for i, g := range owners {
			if g.HandedOverBy == "" || g.Gateway == "" || d.Spec.Period == 0 ||
				f.disturbed(g.At.Add(-f.limits.Lease), g.At.Add(f.limits.Failover), owners) {
				continue
			}
			if i == 0 || owners[i-1].Epoch != g.Previous {
				continue // whose it was before is not known
			}
			last, first := readsAround(d, owners[i-1], g)
			if last == nil || first == nil {
				continue
			}
			f.Examined++
			gap := max(0, first.At.Sub(last.At)-d.Spec.Period)
			gaps = append(gaps, gap)
			if gap > f.limits.HandOver && !f.busy(id, gap-f.limits.HandOver, last.At, first.At) {
				f.violated("C7", id, suspect{device: id, bus: d.Spec.Bus}, []history.Record{last, g, first},
					"%s was handed over by %s to %s, and nobody read it for %v more than its period", id, g.HandedOverBy, g.Name(), gap)
			}
		}
	}
	if len(gaps) > 0 {
		f.quantiles("hand-over gap", gaps)
	}
}

// disturbed reports whether a fault other than a stop in order was there, or the bus changed hands more than once.
func (f *finding) disturbed(a, b boottime.Instant, owners []*history.Grant) bool {
	changes := 0
	for _, g := range owners {
		if a <= g.At && g.At <= b {
			changes++
		}
	}
	return changes > 1 || slices.ContainsFunc(f.h.Faults, func(w *history.FaultWindow) bool {
		return w.Fault != history.FaultStop && w.Excuses(a, b, 0)
	})
}

// readsAround returns the last read by the owner before, and the first one by the next. One that never read the device, since it
// had only just taken it from somebody who had died, leaves no gap of its own: that one is the matter of the failover.
func readsAround(d *history.Device, before, next *history.Grant) (last, first *history.Read) {
	i, _ := slices.BinarySearchFunc(d.Reads, next.At, func(r *history.Read, at boottime.Instant) int { return compare(r.At, at) })
	for k := i; k < len(d.Reads); k++ {
		if d.Reads[k].Done && d.Reads[k].Gateway == next.Gateway {
			first = d.Reads[k]
			i = k
			break
		}
	}
	for k := i - 1; k >= 0 && first != nil && d.Reads[k].At >= before.At; k-- {
		if d.Reads[k].Done && d.Reads[k].Gateway == before.Gateway {
			return d.Reads[k], first
		}
	}
	return nil, first
}

// needless is C7b: an owner is replaced, other than in order, only if something had happened to it.
func (f *finding) needless() {
	for _, id := range sortedKeys(f.h.Buses) {
		list := ownersOf(f.h, id)
		for i := 1; i < len(list); i++ {
			before, now := list[i-1], list[i]
			if now.Previous != before.Epoch || now.Gateway == "" || before.Gateway == "" || now.Peer == before.Peer || now.HandedOverBy != "" {
				continue
			}
			f.Examined++
			f.Metrics["failovers"]++
			if f.causeFor(before.Gateway, now.At) {
				continue
			}
			f.Metrics["needless failovers"]++
			if f.busy("the gateway "+before.Gateway, f.limits.Lease, now.At.Add(-f.limits.Lease-f.limits.Margin), now.At) {
				continue // it stood still as the harness did, and lost its lease by that
			}
			f.violated("C7b", id, suspect{bus: id, device: f.deviceOn(id)}, []history.Record{before, now},
				"bus %s was taken from %s by %s, and no fault had touched it", id, before.Name(), now.Name())
		}
	}
}

func (f *finding) deviceOn(bus string) string {
	for _, d := range f.h.Run.Devices {
		if d.Bus == bus {
			return d.ID
		}
	}
	return ""
}

// causeFor reports whether something may have taken away a gateway's buses at some time: a fault at the gateway, at its
// links or at the hub, or the harness had started or ended it.
func (f *finding) causeFor(gateway string, at boottime.Instant) bool {
	slack := f.limits.Lease + f.limits.Margin + f.limits.Failover
	for _, w := range f.h.Faults {
		if w.Excuses(at, at, slack) && f.touches(w, gateway) {
			return true
		}
	}
	return slices.ContainsFunc(f.h.Processes, func(p *history.Process) bool {
		near := p.At.Add(-slack) <= at && at <= p.At.Add(slack)
		return near && (p.Node == gateway || slices.Contains(f.h.Run.Hubs, p.Node)) && p.State != history.ProcessReady
	})
}

// touches reports whether a fault is at a gateway, at its links, or at the hub.
func (f *finding) touches(w *history.FaultWindow, gateway string) bool {
	if w.Fault == history.FaultClone && len(w.Down) == 0 {
		return false // the first one runs, and has nothing to fear
	}
	at := func(name string) bool {
		return name == gateway || strings.HasPrefix(name, history.Link(gateway, "")) ||
			slices.Contains(f.h.Run.Hubs, name)
	}
	return slices.ContainsFunc(w.Targets, at) || slices.ContainsFunc(w.Down, at)
}

package check

import (
	"slices"
	"sort"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Failover is what became of one device when its owner was taken away.
type Failover struct {
	Device string            `json:"device"`
	Fault  string            `json:"fault"`
	Kind   history.FaultKind `json:"kind"`
	From   boottime.Instant  `json:"from"`
	// To is when it was served again; 0: it was not by the end, or until a fault took an owner away again.
	To boottime.Instant `json:"to,omitempty"`
	// Kept: the owner came through, and served it again under the same epoch.
	Kept bool `json:"kept,omitempty"`
	// Cost is for how long at a stretch, in that time, one and the same gateway could have served it, less the time in
	// which the device was made to be slow, or a next owner was held up by a fault that takes no bus away.
	Cost time.Duration `json:"costNs"`
	// Owner that was taken away, as the hub names it.
	Owner history.Peer `json:"owner"`

	grant *history.Grant
	proof history.Record
	fault *history.FaultWindow
	// overtaken: the next fault came before anybody had served it. until is when that was, or else To, or the end.
	overtaken bool
	until     boottime.Instant
}

// FailoverBounded is C7: a device whose owner was taken away is served again in time, under a new epoch; and no
// owner changes for nothing (C7b). What is attached to one gateway is read as long as that one runs (C7c).
func FailoverBounded(h *history.History) Result {
	f := begin(h, "C7", "failover bounded")
	durations := map[history.FaultKind][]time.Duration{}
	for _, o := range Failovers(h) {
		f.Examined++
		f.judge(o)
		if o.To != 0 && !o.Kept {
			durations[o.Kind] = append(durations[o.Kind], o.To.Sub(o.From))
		}
	}
	for kind, all := range durations {
		f.quantiles("failover "+string(kind), all)
	}
	for _, bus := range sortedKeys(h.Buses) {
		if !unbroken(ownersOf(h, bus)) {
			f.unknown("not all owners of bus %s are known", bus)
		}
	}
	f.attached()
	f.handOvers()
	f.needless()
	return f.end()
}

func (f *finding) quantiles(name string, all []time.Duration) {
	slices.Sort(all)
	f.Metrics[name+", count"] = float64(len(all))
	f.Metrics[name+", p50 ms"] = milliseconds(quantile(all, 0.5))
	f.Metrics[name+", p99 ms"] = milliseconds(quantile(all, 0.99))
	f.Metrics[name+", max ms"] = milliseconds(all[len(all)-1])
}

// quantile returns the value that a share q of the sorted ones does not exceed.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func (f *finding) judge(o Failover) {
	if o.Cost <= f.limits.Failover {
		if o.To == 0 && !o.overtaken {
			f.unknown("%s was not served again after fault %s, and the run ended too soon to tell", o.Device, o.Fault)
		}
		return
	}
	if f.busy(o.Device, o.Cost-f.limits.Failover, o.From, o.until) {
		return
	}
	records := []history.Record{o.grant}
	for _, r := range o.fault.Records {
		records = append(records, r)
	}
	what := "had not been served again by the end"
	if o.To != 0 {
		records = append(records, o.proof)
		what = "was served again only " + o.To.Sub(o.From).String() + " later"
	}
	f.violated("C7", o.Device, suspect{device: o.Device, bus: o.grant.Bus, Violation: Violation{At: o.From}}, records,
		"%s lost its owner %s to fault %s (%s) and %s; one gateway could have served it for %v of that, and %v is allowed",
		o.Device, o.Owner.Name(), o.Fault, o.Kind, what, o.Cost, f.limits.Failover)
}

// unbroken reports whether no write of an owner is missing, as far as the writes themselves tell.
func unbroken(list []*history.Grant) bool {
	for i := 1; i < len(list); i++ {
		if list[i].Previous != list[i-1].Epoch {
			return false
		}
	}
	return len(list) > 0
}

// Failovers returns what became of every shared device whenever a confirmed fault took its owner away. A fault
// that takes away the next owner before it has served begins another one. A device of whose owners not all are known
// is left out.
func Failovers(h *history.History) []Failover {
	available := newAvailability(h)
	limits := h.Run.Limits.WithDefaults()
	var all []Failover
	for _, id := range sortedKeys(h.Devices) {
		d := h.Devices[id]
		g := &grants{list: ownersOf(h, d.Spec.Bus)}
		if d.Spec.Attached() || !unbroken(g.list) {
			continue
		}
		served := servedFirst(d)
		removals := removalsOf(h, g, limits)
		for i, r := range removals {
			o := Failover{Device: id, Fault: r.fault.ID, Kind: r.fault.Fault, From: r.from, Owner: r.grant.Peer, grant: r.grant, fault: r.fault}
			o.end(d, g, served)
			until := h.End
			if o.To != 0 {
				until = o.To
			}
			if i+1 < len(removals) && removals[i+1].fault.Asked < until {
				until = removals[i+1].fault.Asked
				o.To, o.Kept, o.overtaken = 0, false, true
			}
			o.until = until
			excused := append(slow(h, id), o.heldUp(h, g, limits)...).merged()
			o.Cost = available.steady(d.Spec, o.From, until, excused)
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b Failover) int { return compare(a.From, b.From) })
	return all
}

// FailoverTimes returns, by kind of fault, after how long devices were served again: under a new epoch, or by the owner that
// came through. Where the next fault came before that, the former says nothing.
func FailoverTimes(h *history.History) map[history.FaultKind][]time.Duration {
	times := map[history.FaultKind][]time.Duration{}
	for _, o := range Failovers(h) {
		if o.To != 0 {
			times[o.Kind] = append(times[o.Kind], o.To.Sub(o.From))
		}
	}
	return times
}

// end finds out when the device was served again: under a newer epoch, or, if the owner came through the fault and has the
// bus yet, under the same one.
func (o *Failover) end(d *history.Device, g *grants, served services) {
	if first, ok := served.newer(o.grant.Epoch, o.From); ok {
		o.To, o.proof = first.at, first.record
	}
	if o.Kind == history.FaultKill || o.Kind == history.FaultPowerCut || o.Kind == history.FaultTogether {
		return // whoever comes back is another run
	}
	i := sort.Search(len(d.Stored), func(i int) bool { return d.Stored[i].At >= o.fault.HealAsked })
	for ; i < len(d.Stored) && (o.To == 0 || d.Stored[i].At < o.To); i++ {
		b := d.Stored[i]
		if b.Epoch == o.grant.Epoch && g.at(b.At).Epoch == b.Epoch && !b.Backfill && len(b.Readings) > 0 {
			o.To, o.proof, o.Kept = b.At, b, true
			return
		}
	}
}

// removal is an owner that a fault took away.
type removal struct {
	fault *history.FaultWindow
	grant *history.Grant
	from  boottime.Instant
}

// removalsOf returns the faults that took away the owner of a bus, in the order of their times.
func removalsOf(h *history.History, g *grants, limits history.Limits) []removal {
	var all []removal
	for _, w := range h.Faults {
		for _, grant := range g.hitBy(w, limits) {
			long := limits.Lease + limits.Margin
			if g.lostIn(w, grant, limits) {
				long = limits.Lease / 2
			}
			if removes(h, w, grant.Gateway, long) {
				all = append(all, removal{w, grant, max(w.Applied, grant.At)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b removal) int { return compare(a.from, b.from) })
	return all
}

// hitBy returns the owners of the bus that a fault may have taken away: the one at that time, and one that was named so soon after it
// that the gateway had asked for the bus before. A gateway that was silent for longer must not be made an owner.
func (g *grants) hitBy(w *history.FaultWindow, limits history.Limits) []*history.Grant {
	var hit []*history.Grant
	if grant := g.at(w.Applied); grant != nil {
		hit = append(hit, grant)
	}
	for _, grant := range g.list {
		if grant.At > w.Applied && grant.At <= min(w.Applied.Add(limits.Lease/4), w.HealAsked) {
			hit = append(hit, grant)
		}
	}
	return hit
}

// lostIn reports whether an owner of the bus lost it in a fault, or soon after: another gateway was made the owner, and was not given
// it. A fault may be enough for that which is a little shorter than a lease, since the last renewal was a while ago.
func (g *grants) lostIn(w *history.FaultWindow, grant *history.Grant, limits history.Limits) bool {
	i := slices.Index(g.list, grant) + 1
	return i < len(g.list) && g.list[i].Peer != grant.Peer && g.list[i].HandedOverBy == "" && g.list[i].At <= w.Healed.Add(limits.Lease/2)
}

// slow returns when a device was made to answer late: an answer that it owes when it is healed is late as well.
func slow(h *history.History, device string) times {
	var late times
	for _, w := range h.Faults {
		if w.Slow > 0 && slices.Contains(w.Targets, device) {
			late = append(late, stretch{w.Applied, w.Healed.Add(w.Slow)})
		}
	}
	return late
}

// heldUp returns when those who were owners after the one that was lost could do nothing, by a fault that is too short to take a bus
// away: nobody else may have it meanwhile.
func (o *Failover) heldUp(h *history.History, g *grants, limits history.Limits) times {
	var held times
	for i := slices.Index(g.list, o.grant) + 1; i < len(g.list) && g.list[i].At < o.until; i++ {
		until := o.until
		if i+1 < len(g.list) {
			until = min(until, g.list[i+1].At)
		}
		for _, w := range h.Faults {
			if removes(h, w, g.list[i].Gateway, 0) && !removes(h, w, g.list[i].Gateway, limits.Lease+limits.Margin) {
				held = append(held, stretch{max(w.Applied, g.list[i].At), min(w.HealAsked, until)})
			}
		}
	}
	return held
}

// removes reports whether a fault takes a gateway away: it was killed, or was stopped or cut off from the hub for so
// long, which is certain if that is longer than a lease lasts. One that was told to stop is another matter; see handOvers.
func removes(h *history.History, w *history.FaultWindow, gateway string, long time.Duration) bool {
	if !w.Confirmed || gateway == "" {
		return false
	}
	switch w.Fault {
	case history.FaultKill, history.FaultPowerCut, history.FaultTogether:
		return slices.Contains(w.Down, gateway)
	case history.FaultStop:
		return false
	default:
		return w.HealAsked.Sub(w.Applied) >= long && (slices.Contains(w.Down, gateway) || cutOff(h, w, gateway))
	}
}

// cutOff reports whether a fault takes down all links of a gateway to the hub.
func cutOff(h *history.History, w *history.FaultWindow, gateway string) bool {
	for _, hub := range h.Run.Hubs {
		if !slices.Contains(w.Down, history.Link(gateway, hub)) {
			return false
		}
	}
	return len(h.Run.Hubs) > 0
}

// service is when a device was first seen to be served under an epoch.
type service struct {
	epoch  uint64
	at     boottime.Instant
	record history.Record
}

// services are in the order of the times.
type services []service

// servedFirst returns, for each epoch, the first reading that was stored or action that was done under it.
func servedFirst(d *history.Device) services {
	first := map[uint64]service{}
	note := func(epoch uint64, r history.Record) {
		if known, ok := first[epoch]; !ok || r.Stamped().At < known.at {
			first[epoch] = service{epoch, r.Stamped().At, r}
		}
	}
	for _, b := range d.Stored {
		if len(b.Readings) > 0 {
			note(b.Epoch, b)
		}
	}
	for _, a := range d.Actions {
		if a.Done {
			note(a.Epoch, a)
		}
	}
	var all services
	for _, s := range first {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b service) int { return compare(a.at, b.at) })
	return all
}

// newer returns the first service under a newer epoch from some time on.
func (s services) newer(epoch uint64, from boottime.Instant) (service, bool) {
	for _, one := range s[sort.Search(len(s), func(i int) bool { return s[i].at >= from }):] {
		if one.epoch > epoch {
			return one, true
		}
	}
	return service{}, false
}

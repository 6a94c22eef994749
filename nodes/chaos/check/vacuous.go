package check

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// NotVacuous is C9: the run has tried what it was to try. It never violates anything: a run that tried nothing is
// unknown.
func NotVacuous(h *history.History) Result {
	f := begin(h, "C9", "not vacuous")
	if h.Run.Stamped().Kind == "" && len(h.Run.Devices) == 0 {
		f.unknown("vacuous: nothing says what was to be tried")
		return f.end()
	}
	f.quietCommands()
	f.kinds()
	f.planned()
	f.readings()
	doubts := doubtsOf(h)
	shown := map[history.FaultKind]bool{}
	var without []effectless
	for _, w := range h.Faults {
		if !w.Confirmed {
			continue
		}
		f.Metrics["faults confirmed"]++
		if what, examined := f.effect(w, doubts); what != "" {
			without = append(without, effectless{w, what})
		} else if examined {
			shown[w.Fault] = true
		}
	}
	f.fenceTried()
	// One of a kind will do: where faults overlap there may be nobody left who could have taken over.
	for _, e := range without {
		if !shown[e.fault.Fault] {
			f.unknown("vacuous: %s in fault %s (%s)", e.what, e.fault.ID, e.fault.Fault)
		}
	}
	if f.Metrics["ack-lost faults"] > 0 && f.Metrics["ack-lost faults that left a doubt"] == 0 && f.Metrics["ack-lost faults with lost answers"] == 0 {
		f.unknown("vacuous: answers were lost, and nothing was in doubt or came twice")
	}
	if f.Metrics["outages"] > 0 && f.Metrics["readings stored once more after an outage"] == 0 {
		f.unknown("vacuous: no reading was stored before an outage and once more after it")
	}
	return f.end()
}

// storedAgain counts the readings that were stored before there was no way to the hub, and once more when there was again: the
// hub had forgotten them, or who sent them had.
func storedAgain(h *history.History, w *history.FaultWindow) int {
	n := 0
	for _, d := range h.Devices {
		for _, c := range copiesStored(d) {
			if c.first.Stamped().At <= w.Applied && w.HealAsked <= c.again.Stamped().At {
				n += int(c.to - c.from)
			}
		}
	}
	return n
}

// quietCommands: the fleet worked before anything was broken.
func (f *finding) quietCommands() {
	begin, end, ok := f.h.Phase(history.PhaseQuiet)
	if !ok {
		f.unknown("vacuous: there was no quiet phase")
		return
	}
	succeeded := 0
	for _, c := range during(f.h, begin, end) {
		f.Examined++
		if last := c.Final(); last != nil && last.State == history.Succeeded {
			succeeded++
		}
	}
	f.Metrics["succeeded in the quiet phase"] = float64(succeeded)
	if succeeded < f.limits.QuietCommands {
		f.unknown("vacuous: %d commands succeeded in the quiet phase, and %d must", succeeded, f.limits.QuietCommands)
	}
}

// planned: each fault of the plan was seen to be there, and to be gone if it was to be undone.
func (f *finding) planned() {
	for _, p := range f.h.Run.Planned {
		f.Examined++
		i := slices.IndexFunc(f.h.Faults, func(w *history.FaultWindow) bool { return w.ID == p.ID })
		switch {
		case i < 0:
			f.unknown("vacuous: fault %s (%s) was planned, and never tried", p.ID, p.Fault)
		case !f.h.Faults[i].Confirmed:
			f.unknown("vacuous: fault %s (%s) was not confirmed", p.ID, p.Fault)
		case !f.h.Faults[i].Undone && askedToHeal(f.h.Faults[i]):
			f.unknown("vacuous: fault %s (%s) was not seen to be undone", p.ID, p.Fault)
		}
	}
}

func askedToHeal(w *history.FaultWindow) bool {
	return slices.ContainsFunc(w.Records, func(r *history.Fault) bool { return r.Step == history.FaultHealAsked })
}

func (f *finding) readings() {
	for _, d := range f.h.Devices {
		if len(d.Delivered) > 0 {
			return
		}
	}
	f.unknown("vacuous: no reading was delivered")
}

// effectless is a fault that did not show, and how one sees that.
type effectless struct {
	fault *history.FaultWindow
	what  string
}

// effect: a fault showed in what happened, not only in what was done. It returns what is missing; examined is false if
// nothing had to show.
func (f *finding) effect(w *history.FaultWindow, doubts []boottime.Instant) (what string, examined bool) {
	var seen bool
	switch w.Fault {
	case history.FaultKill, history.FaultTogether:
		if !f.gatewayHit(w) {
			return "", false
		}
		seen, what = f.ownerChanged(w), "no bus changed its owner"
	case history.FaultPause:
		if !f.gatewayHit(w) || w.HealAsked.Sub(w.Applied) < f.limits.Failover {
			return "", false
		}
		seen, what = f.fencedOff(w), "the gateway was neither refused nor evicted"
	case history.FaultOutage:
		f.Examined++
		f.Metrics["outages"]++
		f.Metrics["readings stored once more after an outage"] += float64(storedAgain(f.h, w))
		return
	case history.FaultPowerCut:
		// What was lost, or that writes failed, is the evidence without which it is not confirmed.
		seen, what = len(w.Evidence) > 0, "there is no evidence that it had an effect"
		if seen && f.gatewayHit(w) {
			seen, what = f.ownerChanged(w), "no bus changed its owner"
		}
	case history.FaultClone, history.FaultPartition, history.FaultStall, history.FaultDiskFull, history.FaultDiskDead:
		seen, what = len(w.Evidence) > 0, "there is no evidence that it had an effect"
	case history.FaultAckLost:
		// A doubt after one of several will do, or that answers were certainly lost: what was asked may have been asked again,
		// and answered, before anybody knew.
		i, _ := slices.BinarySearch(doubts, w.Asked.Add(-f.limits.Failover))
		f.Examined++
		f.Metrics["ack-lost faults"]++
		if len(w.Evidence) > 0 {
			f.Metrics["ack-lost faults with lost answers"]++
		}
		if i < len(doubts) && doubts[i] <= w.Healed.Add(f.limits.Failover) {
			f.Metrics["ack-lost faults that left a doubt"]++
		}
		return "", false
	default:
		return "", false
	}
	f.Examined++
	if seen {
		return "", true
	}
	return what, true
}

// gatewayHit reports whether a fault is at a gateway that had something to lose: it owned a bus that others may own.
func (f *finding) gatewayHit(w *history.FaultWindow) bool {
	for _, d := range f.h.Run.Devices {
		if !d.Attached() {
			grant := (&grants{list: ownersOf(f.h, d.Bus)}).at(w.Applied)
			if grant != nil && slices.Contains(f.h.Run.Gateways, grant.Gateway) && slices.Contains(w.Targets, grant.Gateway) {
				return true
			}
		}
	}
	return false
}

// ownerChanged reports whether a bus was taken from a target of the fault; one that was handed over in order was not. How
// late is the matter of C7.
func (f *finding) ownerChanged(w *history.FaultWindow) bool {
	until := w.Healed.Add(f.limits.Settle)
	for bus := range f.h.Buses {
		list := ownersOf(f.h, bus)
		for i := 1; i < len(list); i++ {
			before, now := list[i-1], list[i]
			if slices.Contains(w.Targets, before.Gateway) && now.Peer != before.Peer && now.HandedOverBy == "" && w.Asked <= now.At && now.At <= until {
				return true
			}
		}
	}
	return false
}

// fencedOff reports whether a gateway that was stopped was kept from acting: a device refused it, or it was evicted, so
// that the hub refuses it. What another fault before or after it led to does not count.
func (f *finding) fencedOff(w *history.FaultWindow) bool {
	for _, gateway := range w.Targets {
		for _, r := range f.h.Leases[gateway] {
			if r.State == history.LeaseEvicted && w.Applied <= r.At && r.At <= w.Healed {
				return true
			}
		}
	}
	until := w.Healed.Add(f.limits.Failover)
	for _, d := range f.h.Devices {
		for _, a := range d.Actions {
			if a.Stale && w.Applied <= a.At && a.At <= until && slices.Contains(w.Targets, a.Gateway) {
				return true
			}
		}
	}
	return f.ownerChanged(w)
}

// doubtsOf returns when a command's outcome was in doubt, or a reading was stored once more, in order.
func doubtsOf(h *history.History) []boottime.Instant {
	var doubts []boottime.Instant
	for _, c := range h.Commands {
		for _, a := range c.Answers {
			if a.State == "" || a.State == history.Unknown || a.State == history.Indeterminate || a.Attempt > 1 {
				doubts = append(doubts, a.At)
			}
		}
	}
	for _, d := range h.Devices {
		for _, c := range copiesStored(d) {
			doubts = append(doubts, c.again.Stamped().At)
		}
	}
	slices.Sort(doubts)
	return doubts
}

// lastEnd is when the last fault was gone, or else when the phase after the faults began.
func lastEnd(h *history.History) (boottime.Instant, bool) {
	var healed boottime.Instant
	for _, w := range h.Faults {
		if w.Undone {
			healed = max(healed, w.Healed)
		}
	}
	if begin, _, ok := h.Phase(history.PhaseLiveness); ok {
		return max(begin, healed), true
	}
	return healed, healed != 0
}

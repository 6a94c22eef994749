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
	f.classes()
	f.planned()
	f.readings()
	doubts := doubtsOf(h)
	for _, w := range h.Faults {
		if w.Confirmed {
			f.Metrics["faults confirmed"]++
			f.effect(w, doubts)
		}
	}
	f.fenceTried()
	if f.Metrics["ack-lost faults"] > 0 && f.Metrics["ack-lost faults that left a doubt"] == 0 {
		f.unknown("vacuous: answers were lost, and nothing was in doubt or came twice")
	}
	return f.end()
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

// classes: each class that was used worked at least once.
func (f *finding) classes() {
	used, worked := map[history.Class]int{}, map[history.Class]int{}
	for _, c := range f.h.Commands {
		if c.Call == nil {
			continue
		}
		used[c.Call.Class]++
		if last := c.Final(); last != nil && last.State == history.Succeeded {
			worked[c.Call.Class]++
		}
	}
	if len(used) == 0 {
		f.unknown("vacuous: no command was sent")
	}
	for _, class := range sortedKeys(used) {
		f.Metrics[string(class)+" succeeded"] = float64(worked[class])
		if worked[class] == 0 {
			f.unknown("vacuous: no %s command succeeded", class)
		}
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

// effect: a fault showed in what happened, not only in what was done.
func (f *finding) effect(w *history.FaultWindow, doubts []boottime.Instant) {
	var seen bool
	var what string
	switch w.Fault {
	case history.FaultKill:
		if !f.gatewayHit(w) {
			return
		}
		seen, what = f.ownerChanged(w), "no bus changed its owner"
	case history.FaultPause:
		if !f.gatewayHit(w) || w.HealAsked.Sub(w.Applied) < f.limits.Lease+f.limits.Margin {
			return
		}
		seen, what = f.fencedOff(w), "the gateway was neither refused nor evicted"
	case history.FaultPartition, history.FaultStall, history.FaultPowerCut, history.FaultDiskFull:
		seen, what = len(w.Evidence) > 0, "there is no evidence that it had an effect"
	case history.FaultAckLost:
		// One of several will do: what was asked may have been asked again, and answered, before anybody knew.
		i, _ := slices.BinarySearch(doubts, w.Asked.Add(-f.limits.Failover))
		f.Examined++
		f.Metrics["ack-lost faults"]++
		if i < len(doubts) && doubts[i] <= w.Healed.Add(f.limits.Failover) {
			f.Metrics["ack-lost faults that left a doubt"]++
		}
		return
	default:
		return
	}
	f.Examined++
	if !seen {
		f.unknown("vacuous: %s in fault %s (%s)", what, w.ID, w.Fault)
	}
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

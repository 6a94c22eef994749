package check

import (
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Metrics of C9 that tell whether the fence of devices was tried.
const (
	MetricPauses  = "pauses of gateways of fenced devices"
	MetricRefused = "stale attempts refused"
)

// StaleAttempts is how many actions devices have refused since their epoch was over (C6d).
func StaleAttempts(h *history.History) int {
	n := 0
	for _, d := range h.Devices {
		for _, a := range d.Actions {
			if a.Stale {
				n++
			}
		}
	}
	return n
}

// pausesOf is how many pauses were confirmed while devices had a fence: each may have left something for them to refuse.
func pausesOf(h *history.History) int {
	if !slices.ContainsFunc(h.Run.Devices, func(d history.DeviceSpec) bool { return d.Fenced }) {
		return 0
	}
	n := 0
	for _, w := range h.Faults {
		gateway := slices.ContainsFunc(w.Targets, func(t string) bool { return slices.Contains(h.Run.Gateways, t) })
		if w.Fault == history.FaultPause && w.Confirmed && gateway {
			n++
		}
	}
	return n
}

// fenceTried counts the pauses and what devices refused. Where owners were stopped with an action in hand for longer than their
// lease, a device with a fence has refused one; which of them gets so far is up to the operating system. After other pauses it is a
// matter of chance whether there is anything to refuse, since a gateway that goes on asks its lease first.
func (f *finding) fenceTried() {
	if pauses := pausesOf(f.h); pauses > 0 {
		f.Metrics[MetricPauses], f.Metrics[MetricRefused] = float64(pauses), float64(StaleAttempts(f.h))
	}
	first := f.heldInHand()
	if first == nil {
		return
	}
	f.Examined++
	for _, d := range f.h.Devices {
		for _, a := range d.Actions {
			if a.Stale && first.Applied <= a.At {
				return
			}
		}
	}
	f.unknown("vacuous: owners such as in fault %s were stopped with an action in hand, and no device had to refuse one", first.ID)
}

// heldInHand returns the first fault that stopped an owner with an action in hand for longer than its lease, while devices that
// others may own had a fence; nil if there was none.
func (f *finding) heldInHand() *history.FaultWindow {
	if !slices.ContainsFunc(f.h.Run.Devices, func(d history.DeviceSpec) bool { return d.Fenced && !d.Attached() }) {
		return nil
	}
	i := slices.IndexFunc(f.h.Faults, func(w *history.FaultWindow) bool {
		return inHand(w) && w.HealAsked.Sub(w.Applied) >= f.limits.Lease+f.limits.Margin
	})
	if i < 0 {
		return nil
	}
	return f.h.Faults[i]
}

package check

import (
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// ZombieWrite is the scenario that stops an owner with a write in hand, and lets it go on when there is another owner: a device
// that has a fence must refuse that write.
const ZombieWrite = "zombie-write"

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

// fence: where all is made for it, a device has refused what a superseded owner wrote. In other runs it is a matter of chance
// whether a pause leaves anything to refuse, since a gateway that goes on asks its lease first.
func (f *finding) fence() {
	refused := StaleAttempts(f.h)
	if pauses := pausesOf(f.h); pauses > 0 {
		f.Metrics[MetricPauses], f.Metrics[MetricRefused] = float64(pauses), float64(refused)
		if f.h.Run.Scenario == ZombieWrite && refused == 0 {
			f.unknown("vacuous: no device has refused the write of a superseded owner")
		}
	}
}

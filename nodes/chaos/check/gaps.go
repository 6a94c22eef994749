package check

import (
	"cmp"
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Gap is a time in which a device was not served.
type Gap struct{ From, To boottime.Instant }

// Watched is when devices ought to be served: from the quiet phase to the drain; two zeros if there was no such time.
func Watched(h *history.History) (from, to boottime.Instant) {
	from, _, ok := h.Phase(history.PhaseQuiet)
	_, to, done := h.Phase(history.PhaseDrain)
	if !ok || !done {
		return 0, 0
	}
	return from, to
}

// Gaps returns when no reading of a device was stored for more than two of its periods, each from when the next one was
// due. What was stored later than it was read fills no gap, nor does a reading of bad quality.
func Gaps(d *history.Device, from, to boottime.Instant) []Gap {
	if d.Spec.Period <= 0 || to <= from {
		return nil
	}
	var gaps []Gap
	last := from
	note := func(at boottime.Instant) {
		if at.Sub(last) > 2*d.Spec.Period {
			gaps = append(gaps, Gap{last.Add(d.Spec.Period), at})
		}
		last = max(last, at)
	}
	for _, b := range d.Stored {
		good := slices.ContainsFunc(b.Readings, func(r history.Reading) bool { return r.Value != "-" })
		if good && !b.Backfill && from <= b.At && b.At <= to {
			note(b.At)
		}
	}
	note(to)
	return gaps
}

// ServedShare returns which share of the time of all devices these were served, and which share of the devices at the
// worst moment: 1 is all. It is false if nothing was to be served.
func ServedShare(h *history.History) (share, lowest float64, ok bool) {
	from, to := Watched(h)
	type edge struct {
		at     boottime.Instant
		change int // of the devices that are not served
	}
	var edges []edge
	devices, lost := 0, 0.0
	for _, d := range h.Devices {
		if d.Spec.Period > 0 {
			devices++
		}
		for _, g := range Gaps(d, from, to) {
			edges = append(edges, edge{g.From, 1}, edge{g.To, -1})
			lost += float64(g.To.Sub(g.From))
		}
	}
	if devices == 0 || to <= from {
		return 0, 0, false
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.change, b.change)) })
	now, most := 0, 0
	for _, e := range edges {
		now += e.change
		most = max(most, now)
	}
	all := float64(devices)
	return 1 - lost/(all*float64(to.Sub(from))), 1 - float64(most)/all, true
}

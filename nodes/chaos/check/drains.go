package check

import (
	"cmp"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Drain is how what had piled up in spools came to the hub when there was a way to it again.
type Drain struct {
	Fault string `json:"fault"`
	// Readings that were marked backfill, and when the first and the last of them were stored, from when the way was
	// opened again.
	Readings int           `json:"readings"`
	First    time.Duration `json:"firstNs"`
	Last     time.Duration `json:"lastNs"`
	// Rate is how many of them gateways had stored in a second while each of them did so, and Live how many of the same
	// devices are measured in a second when nothing is broken. Multiple is the one by the other.
	Rate     float64 `json:"rate"`
	Live     float64 `json:"live"`
	Multiple float64 `json:"multiple"`
}

// Drains returns what came of each time in which a fault had taken the way to the hub from a gateway, or the hub was
// down, if anything had piled up by then. What comes after the next such fault began counts for that one.
func Drains(h *history.History) []Drain {
	var faults []*history.FaultWindow
	for _, w := range h.Faults {
		if w.Confirmed && parts(h, w) {
			faults = append(faults, w)
		}
	}
	slices.SortFunc(faults, func(a, b *history.FaultWindow) int { return cmp.Compare(a.HealAsked, b.HealAsked) })
	live := liveRate(h)
	var all []Drain
	for i, w := range faults {
		end := h.End + 1
		if i+1 < len(faults) {
			end = faults[i+1].HealAsked
		}
		if d, devices := drainOf(h, w.HealAsked, end); d.Readings > 0 {
			d.Fault, d.Live = w.ID, live*float64(devices)/float64(max(len(h.Devices), 1))
			if live > 0 {
				d.Multiple = d.Rate / d.Live
			}
			all = append(all, d)
		}
	}
	return all
}

// parts reports whether a fault parts a gateway from the hub, or is the hub's own.
func parts(h *history.History, w *history.FaultWindow) bool {
	for _, hub := range h.Run.Hubs {
		if slices.Contains(w.Down, hub) {
			return true
		}
		for _, gateway := range h.Run.Gateways {
			if slices.Contains(w.Down, history.Link(gateway, hub)) {
				return true
			}
		}
	}
	return false
}

// drainOf looks at what was stored late in some time. Each gateway begins at a time of its own, by chance, so each has its
// own rate, and these add up.
func drainOf(h *history.History, from, to boottime.Instant) (d Drain, devices int) {
	first, last := to, from
	parts := map[string]*stretchOf{}
	for _, device := range h.Devices {
		late := false
		owners := &grants{list: ownersOf(h, device.Spec.Bus)}
		for _, b := range device.Stored {
			if !b.Backfill || b.At < from || to <= b.At || len(b.Readings) == 0 {
				continue
			}
			gateway := ""
			if g, _ := owners.find(b.Epoch); g != nil {
				gateway = g.Gateway
			}
			if parts[gateway] == nil {
				parts[gateway] = &stretchOf{stretch: stretch{to, from}}
			}
			parts[gateway].add(b)
			first, last, late = min(first, b.At), max(last, b.At), true
			d.Readings += len(b.Readings)
		}
		if late {
			devices++
		}
	}
	d.First, d.Last = first.Sub(from), last.Sub(from)
	for _, p := range parts {
		d.Rate += p.rate()
	}
	return d, devices
}

// stretchOf is when a number of readings were stored.
type stretchOf struct {
	stretch
	n, atFirst int // how many, and how many of these at the first instant
}

func (s *stretchOf) add(b *history.Stored) {
	switch {
	case b.At < s.from:
		s.from, s.atFirst = b.At, 0
		fallthrough
	case b.At == s.from:
		s.atFirst += len(b.Readings)
	}
	s.n += len(b.Readings)
	s.to = max(s.to, b.At)
}

// rate is how many were stored in a second, from the first to the last: those at the first instant had to wait for none. What is
// stored at once tells no rate, so the time is leastDrain at the least.
func (s *stretchOf) rate() float64 {
	if s.to <= s.from {
		return 0
	}
	return float64(s.n-s.atFirst) / max(s.to.Sub(s.from), leastDrain).Seconds()
}

const leastDrain = 100 * time.Millisecond

// liveRate is how many readings a second are stored in the quiet phase.
func liveRate(h *history.History) float64 {
	begin, end, ok := h.Phase(history.PhaseQuiet)
	if !ok || end <= begin {
		return 0
	}
	n := 0
	for _, d := range h.Devices {
		for _, b := range d.Stored {
			if begin <= b.At && b.At < end {
				n += len(b.Readings)
			}
		}
	}
	return float64(n) / end.Sub(begin).Seconds()
}

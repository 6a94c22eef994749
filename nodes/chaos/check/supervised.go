package check

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// enough is how many gaps between reads are needed to speak of their 99th percentile.
const enough = 50

// Supervised is C11: a device that was made to fail is started again in time, not without end, and does not slow down the
// devices beside it. That it failed, and was started again, is known from the gateways only.
func Supervised(h *history.History) Result {
	f := begin(h, "C11", "supervision")
	for _, w := range h.Faults {
		if !w.Confirmed || w.Fault != history.FaultPanic && w.Fault != history.FaultHang {
			continue
		}
		for _, target := range w.Targets {
			if d := h.Devices[target]; d != nil {
				f.Examined++
				f.startedAgain(w, d)
			}
		}
		f.isolated(w)
	}
	for _, id := range sortedKeys(h.Devices) {
		f.spinning(h.Devices[id])
	}
	return f.end()
}

// startedAgain: a restart, or quarantine, follows within its time, unless the gateway itself was hit.
func (f *finding) startedAgain(w *history.FaultWindow, d *history.Device) {
	due := w.Applied.Add(f.limits.Restart + f.limits.Epsilon)
	for _, e := range d.Events {
		if w.Asked <= e.At && e.At <= due && (e.Event == history.EventRestarted || e.Event == history.EventQuarantined) {
			f.Metrics["restarts seen"]++
			return
		}
	}
	switch {
	case f.h.End < due:
		f.unknown("run too short: it ended before %s had to be started again after fault %s", d.ID, w.ID)
	case f.hitMeanwhile(w, d, due):
		f.unknown("the gateway of %s was hit as well before it could be started again after fault %s", d.ID, w.ID)
	default:
		var records []history.Record
		for _, r := range w.Records {
			records = append(records, r)
		}
		f.violated("C11", d.ID, suspect{device: d.ID, bus: d.Spec.Bus, Violation: Violation{At: w.Applied}}, records,
			"%s was made to fail by fault %s (%s), and was not started again within %v", d.ID, w.ID, w.Fault, f.limits.Restart)
	}
}

// hitMeanwhile reports whether the owner of the device changed, or another fault touched it.
func (f *finding) hitMeanwhile(w *history.FaultWindow, d *history.Device, due boottime.Instant) bool {
	owners := ownersOf(f.h, d.Spec.Bus)
	if len(owners) == 0 {
		return false
	}
	grant := (&grants{list: owners}).at(w.Applied)
	if grant == nil || slices.ContainsFunc(owners, func(g *history.Grant) bool { return w.Asked <= g.At && g.At <= due }) {
		return true
	}
	return slices.ContainsFunc(f.h.Faults, func(other *history.FaultWindow) bool {
		return other != w && other.Excuses(w.Asked, due, 0) && f.touches(other, grant.Gateway)
	})
}

// spinning: so many restarts within the window mean quarantine.
func (f *finding) spinning(d *history.Device) {
	var restarts []*history.Event
	for _, e := range d.Events {
		switch e.Event {
		case history.EventRestarted:
			restarts = append(restarts, e)
		case history.EventQuarantined, history.EventReleased:
			restarts = restarts[:0]
		}
		for len(restarts) > 0 && restarts[0].At.Add(f.limits.RestartWindow) < e.At {
			restarts = restarts[1:]
		}
		if len(restarts) > f.limits.MaxRestarts {
			f.violated("C11", d.ID, suspect{device: d.ID, bus: d.Spec.Bus}, []history.Record{restarts[0], e},
				"%s was started again %d times within %v, and is not in quarantine", d.ID, len(restarts), f.limits.RestartWindow)
			return
		}
	}
}

// isolated: the other devices are read as regularly as before.
func (f *finding) isolated(w *history.FaultWindow) {
	begin, end, ok := f.h.Phase(history.PhaseQuiet)
	if !ok || slices.ContainsFunc(f.h.Faults, func(other *history.FaultWindow) bool { return other != w && f.disturbs(other, w) }) {
		return
	}
	hit := map[string]bool{}
	for _, target := range w.Targets {
		if d := f.h.Devices[target]; d != nil {
			hit[d.Spec.Bus] = true
		}
	}
	for _, id := range sortedKeys(f.h.Devices) {
		d := f.h.Devices[id]
		quiet, now := readGaps(d, begin, end, nil), readGaps(d, w.Applied, w.HealAsked, nil)
		if hit[d.Spec.Bus] || len(quiet) < enough || len(now) < enough {
			continue
		}
		f.Examined++
		a, b := quantile(quiet, 0.99), quantile(now, 0.99)
		if most := 2*a + f.limits.Epsilon; b > most {
			if quantile(readGaps(d, w.Applied, w.HealAsked, f.stalled), 0.99) <= most {
				f.excuse(id, b-most, f.stalled(w.Applied, w.HealAsked))
				continue
			}
			f.violated("C11", id, suspect{device: id, bus: d.Spec.Bus, Violation: Violation{At: w.HealAsked}}, nil,
				"%s was read every %v (p99) during fault %s (%s) of %v, and every %v before", id, b, w.ID, w.Fault, w.Targets, a)
		}
	}
}

// disturbs reports whether another fault may have had a part in how often devices were read while w was certainly there. One
// of a device is over when it is undone, however long the device takes to be back.
func (f *finding) disturbs(other, w *history.FaultWindow) bool {
	if other.Fault == history.FaultPanic || other.Fault == history.FaultHang {
		return other.Asked <= w.HealAsked && w.Applied <= other.HealAsked
	}
	return other.Excuses(w.Asked, w.HealAsked, f.limits.Failover)
}

// readGaps returns the times between reads from a to b, sorted; less what the machine may be to blame for, if it is told for how
// long that stood still from when to when.
func readGaps(d *history.Device, a, b boottime.Instant, stalled func(a, b boottime.Instant) time.Duration) []time.Duration {
	var gaps []time.Duration
	var last boottime.Instant
	i, _ := slices.BinarySearchFunc(d.Reads, a, func(r *history.Read, at boottime.Instant) int { return compare(r.At, at) })
	for _, r := range d.Reads[i:] {
		if r.At > b {
			break
		}
		if last != 0 {
			gap := r.At.Sub(last)
			if stalled != nil {
				gap -= stallWeight * stalled(last, r.At)
			}
			gaps = append(gaps, gap)
		}
		last = r.At
	}
	slices.Sort(gaps)
	return gaps
}

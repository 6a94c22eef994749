package check

import (
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// attached is C7c: a device that one gateway alone may own is read as long as that gateway runs, whatever becomes of the
// hub; also when it was started while the hub was away, in which case it is not ready.
func (f *finding) attached() {
	for _, id := range sortedKeys(f.h.Devices) {
		d := f.h.Devices[id]
		if !d.Spec.Attached() || d.Spec.Period == 0 {
			continue
		}
		for _, s := range f.runs(d.Spec.Gateways[0]) {
			f.readThroughout(d, s)
		}
	}
}

// runs are the times in which a gateway's processes were to read what is attached to it: from when the first one was ready, and
// each later one started, to its end. The time for which it or its way to the hardware was under a fault does not count, nor
// that which the fault may have cost.
func (f *finding) runs(gateway string) times {
	var ran times
	open, end := stretch{}, f.h.End
	if collect, _, ok := f.h.Phase(history.PhaseCollect); ok {
		end = collect // nothing is asked of devices from then on
	}
	for _, p := range f.h.Processes {
		switch {
		case p.Node != gateway:
		case p.State == history.ProcessReady && p.Run == 1, p.State == history.ProcessStarted && p.Run > 1:
			open = stretch{from: p.At, to: end}
		case p.State == history.ProcessEnded && open.from != 0:
			ran, open = append(ran, stretch{open.from, min(p.At, end)}), stretch{}
		}
	}
	if open.from != 0 {
		ran = append(ran, open)
	}
	return ran.without(f.hindered(gateway))
}

// hindered are the times in which a gateway could not read what is attached to it, with what it takes to begin again.
func (f *finding) hindered(gateway string) times {
	var out times
	for _, w := range f.h.Faults {
		hub := w.Fault == history.FaultOutage || slices.ContainsFunc(w.Targets, func(t string) bool { return slices.Contains(f.h.Run.Hubs, t) })
		cut := slices.Contains(w.Down, history.Link(gateway, history.TruthName))
		still := slices.Contains(w.Targets, gateway) && slices.Contains(w.Down, gateway)
		device := w.Fault == history.FaultDevice || w.Fault == history.FaultPanic || w.Fault == history.FaultHang
		if device || !hub && (cut || still) {
			out = append(out, stretch{w.Asked, w.Healed.Add(f.limits.Failover)})
		}
	}
	return out.merged()
}

// heldByCommand is for how long a command may keep the bus of its device while it waits for the hub to acknowledge that it is
// about to be sent: as long as a call of the driver may take, and some more. Nothing else is read on the bus meanwhile.
const heldByCommand = 6 * time.Second

// readThroughout looks for the longest time without a read.
func (f *finding) readThroughout(d *history.Device, s stretch) {
	allowed := d.Spec.Period + max(f.limits.Failover, heldByCommand)
	last, before := s.from, history.Record(nil)
	look := func(at boottime.Instant, r history.Record) {
		gap := at.Sub(last)
		f.Metrics["attached, longest time unread, ms"] = max(f.Metrics["attached, longest time unread, ms"], milliseconds(gap))
		if gap > allowed {
			f.unread(d, last, gap, allowed, before, r)
		}
		last, before = at, r
	}
	f.Examined++
	i, _ := slices.BinarySearchFunc(d.Reads, s.from, func(r *history.Read, at boottime.Instant) int { return compare(r.At, at) })
	for ; i < len(d.Reads) && d.Reads[i].At < s.to; i++ {
		if d.Reads[i].Done {
			look(d.Reads[i].At, d.Reads[i])
		}
	}
	look(s.to, nil)
}

func (f *finding) unread(d *history.Device, from boottime.Instant, gap, allowed time.Duration, records ...history.Record) {
	records = slices.DeleteFunc(records, func(r history.Record) bool { return r == nil })
	f.violated("C7c", d.ID, suspect{device: d.ID, bus: d.Spec.Bus, Violation: Violation{At: from}}, records,
		"%s is attached to %s, which ran, and was not read for %v; %v is allowed", d.ID, d.Spec.Gateways[0], gap, allowed)
}

// without returns what of some times is in none of the others, which are in order.
func (t times) without(others times) times {
	var out times
	for _, s := range t {
		for _, o := range others {
			if o.to <= s.from || s.to <= o.from {
				continue
			}
			if s.from < o.from {
				out = append(out, stretch{s.from, o.from})
			}
			s.from = min(max(s.from, o.to), s.to)
		}
		if s.from < s.to {
			out = append(out, s)
		}
	}
	return out
}

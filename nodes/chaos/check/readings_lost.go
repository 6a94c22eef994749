package check

import (
	"slices"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// NoReadingLost is C1: what the hub acknowledged or has stored was delivered, what is missing was declared,
// and what was delivered was measured.
func NoReadingLost(h *history.History) Result {
	f := begin(h, "C1", "no acknowledged reading lost")
	stream := newStream(h)
	for _, id := range sortedKeys(h.Devices) {
		d := h.Devices[id]
		epochs := flowOf(d, stream.stopped)
		for _, epoch := range sortedKeys(epochs) {
			f.readingsOfEpoch(d, epoch, epochs[epoch], stream)
		}
		f.phantoms(d)
		f.Metrics["reads"] += float64(len(d.Reads))
	}
	if f.Examined == 0 {
		f.unknown("no reading was stored or acknowledged")
	}
	return f.end()
}

// stream is what is known of the stream of readings as a whole.
type stream struct {
	last    uint64 // highest sequence in it; 0: it was not read
	drained bool   // everything on its way has arrived
	reason  string // why it is not
	// stopped is when it was begun to wait for that: devices are read on, and what comes later may be on its way.
	stopped boottime.Instant
	// delivered is, by device, the highest sequence of what the sink was given.
	delivered map[string]uint64
}

func newStream(h *history.History) *stream {
	s := &stream{delivered: map[string]uint64{}}
	for id, d := range h.Devices {
		given := map[uint64]intervals{}
		for _, b := range d.Delivered {
			given[b.Epoch] = append(given[b.Epoch], interval{b.First, b.End()})
		}
		for epoch := range given {
			given[epoch] = given[epoch].normal()
		}
		for _, b := range d.Stored {
			s.last = max(s.last, b.Sequence)
			if b.Sequence > s.delivered[id] && given[b.Epoch].touches(interval{b.First, b.End()}) {
				s.delivered[id] = b.Sequence
			}
		}
	}
	s.drained, s.reason = drained(h)
	s.stopped, _, _ = h.Phase(history.PhaseDrain)
	return s
}

// drained reports whether nothing is on its way any more, by the last word of each spool and of the sink.
func drained(h *history.History) (ok bool, reason string) {
	last := map[string]*history.Backlog{}
	sinks := 0
	for _, b := range h.Backlogs {
		if b.Sink && last[b.Holder] == nil {
			sinks++
		}
		last[b.Holder] = b
	}
	for _, holder := range sortedKeys(last) {
		if last[holder].Waiting > 0 {
			return false, "drain: " + holder + " had readings waiting at the end"
		}
	}
	for _, g := range h.Run.Gateways {
		if last[g] == nil {
			return false, "drain: nothing is known of the spool of " + g
		}
	}
	if sinks == 0 {
		return false, "drain: nothing is known of the sink's backlog"
	}
	return true, ""
}

// flow is what is known of the readings of a device under one epoch.
type flow struct {
	kept, acked, stored, delivered, declared intervals
}

// flowOf returns it by epoch. What gateways say that they keep counts until an instant.
func flowOf(d *history.Device, until boottime.Instant) map[uint64]*flow {
	epochs := map[uint64]*flow{}
	of := func(epoch uint64) *flow {
		if epochs[epoch] == nil {
			epochs[epoch] = &flow{}
		}
		return epochs[epoch]
	}
	for _, a := range d.Acked {
		e := of(a.Epoch)
		switch {
		case a.By == "":
			e.acked = append(e.acked, interval{a.First, a.End()})
		case a.At < until:
			e.kept = append(e.kept, interval{a.First, a.End()})
		}
	}
	for _, b := range d.Stored {
		e := of(b.Epoch)
		e.stored = append(e.stored, interval{b.First, b.End()})
		e.declared = append(e.declared, interval{b.First - min(b.Dropped, b.First), b.First})
	}
	for _, b := range d.Delivered {
		of(b.Epoch).delivered = append(of(b.Epoch).delivered, interval{b.First, b.End()})
	}
	for _, e := range epochs {
		e.kept, e.acked, e.stored = e.kept.normal(), e.acked.normal(), e.stored.normal()
		e.delivered, e.declared = e.delivered.normal(), e.declared.normal()
	}
	return epochs
}

// readingsOfEpoch looks for what is missing between one station of the way and the next.
func (f *finding) readingsOfEpoch(d *history.Device, epoch uint64, e *flow, s *stream) {
	known := append(slices.Clone(e.acked), e.stored...).normal()
	f.Examined += known.size()
	f.Metrics["kept"] += float64(e.kept.size())
	f.Metrics["acked"] += float64(e.acked.size())
	f.Metrics["stored"] += float64(e.stored.size())
	f.Metrics["delivered"] += float64(e.delivered.size())
	f.Metrics["dropped"] += float64(e.declared.size())

	gone := append(slices.Clone(e.acked), e.delivered...).normal().without(e.stored)
	if s.last == 0 {
		gone = nil
		f.unknown("the hub's stream was not read after the run")
	}
	for _, g := range gone {
		f.lost(d, epoch, g, recordsOf(d, epoch, g), "were acknowledged or delivered, and are not in the hub's stream")
	}
	for _, g := range e.stored.without(e.delivered) {
		records := recordsOf(d, epoch, g)
		if firstStored(records) < s.delivered[d.ID] || s.drained {
			f.lost(d, epoch, g, records, "are in the hub's stream, and were not delivered though later ones were, or all was drained")
		} else {
			f.unknown("%s", s.reason)
		}
	}
	all := append(slices.Clone(known), e.declared...).normal()
	for _, hole := range (intervals{{1, all.end()}}).without(all) {
		if s.drained {
			f.lost(d, epoch, hole, recordsOf(d, epoch, interval{hole.from, hole.to + 1}), "are missing before later ones, and nothing declares it")
		} else {
			f.unknown("%s", s.reason)
		}
	}
	f.keptOnly(d, epoch, e.kept.without(intervals{{0, max(all.end(), 1)}}), s)
}

// keptOnly looks at what a gateway has said that it has on its disk, and that is behind all that is known of it
// elsewhere. Nothing else tells of what a gateway that was killed had acknowledged last.
func (f *finding) keptOnly(d *history.Device, epoch uint64, tail intervals, s *stream) {
	for _, g := range tail {
		switch {
		case s.last == 0: // that is told already
		case s.drained:
			f.lost(d, epoch, g, recordsOf(d, epoch, g), "were on the disk of their gateway, as it said, and never came to the hub")
		default:
			f.unknown("%s", s.reason)
		}
	}
}

func (f *finding) lost(d *history.Device, epoch uint64, g interval, records []history.Record, what string) {
	f.violated("C1", ReadingID(d.ID, epoch, g.from), suspect{device: d.ID, bus: d.Spec.Bus}, records,
		"readings %s %s", span(d.ID, epoch, g.from, g.to), what)
}

// recordsOf returns the records about some readings; at most a few.
func recordsOf(d *history.Device, epoch uint64, g interval) []history.Record {
	const most = 3
	var records []history.Record
	for _, a := range d.Acked {
		if a.Epoch == epoch && a.First < g.to && g.from < a.End() && len(records) < most {
			records = append(records, a)
		}
	}
	for _, b := range d.Stored {
		if b.Epoch == epoch && b.First < g.to && g.from < b.End() && len(records) < 2*most {
			records = append(records, b)
		}
	}
	for _, b := range d.Delivered {
		if b.Epoch == epoch && b.First < g.to && g.from < b.End() && len(records) < 3*most {
			records = append(records, b)
		}
	}
	return records
}

// firstStored returns the lowest sequence in the stream among records.
func firstStored(records []history.Record) uint64 {
	first := ^uint64(0)
	for _, r := range records {
		if b, ok := r.(*history.Stored); ok {
			first = min(first, b.Sequence)
		}
	}
	return first
}

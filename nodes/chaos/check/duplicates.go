package check

import (
	"cmp"
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// NoDuplicates is C2: the application is given each reading once, however often the hub has it.
func NoDuplicates(h *history.History) Result {
	f := begin(h, "C2", "no duplicates")
	for _, id := range sortedKeys(h.Devices) {
		d := h.Devices[id]
		for _, b := range d.Delivered {
			f.Examined += len(b.Readings)
		}
		for _, c := range copiesDelivered(d) {
			f.violated("C2", ReadingID(id, c.epoch, c.from), suspect{device: id, bus: d.Spec.Bus}, []history.Record{c.first, c.again},
				"readings %s were delivered twice", span(id, c.epoch, c.from, c.to))
		}
		for _, c := range copiesStored(d) {
			f.Metrics["stored twice"] += float64(c.to - c.from)
			apart := c.again.Stamped().At.Sub(c.first.Stamped().At)
			f.Metrics["stored twice, ms apart"] = max(f.Metrics["stored twice, ms apart"], milliseconds(apart))
		}
	}
	if f.Examined == 0 {
		f.unknown("no reading was delivered")
	}
	return f.end()
}

// repeat is a run of readings that two batches have.
type repeat struct {
	epoch        uint64
	interval                    // that both have
	first, again history.Record // again is the later one
}

// piece is one batch among those that are looked at for copies.
type piece struct {
	epoch uint64
	interval
	record history.Record
}

func copiesDelivered(d *history.Device) []repeat {
	pieces := make([]piece, 0, len(d.Delivered))
	for _, b := range d.Delivered {
		pieces = append(pieces, piece{b.Epoch, interval{b.First, b.End()}, b})
	}
	return copies(pieces)
}

func copiesStored(d *history.Device) []repeat {
	pieces := make([]piece, 0, len(d.Stored))
	for _, b := range d.Stored {
		pieces = append(pieces, piece{b.Epoch, interval{b.First, b.End()}, b})
	}
	return copies(pieces)
}

// copies finds pieces that overlap. Each piece is compared with the one that reaches furthest among those before it,
// so all that is there twice is found, and a piece is named once.
func copies(pieces []piece) []repeat {
	slices.SortStableFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.from, b.from))
	})
	var found []repeat
	var widest piece
	for _, p := range pieces {
		if p.from >= p.to {
			continue // it declares losses only
		}
		if p.epoch == widest.epoch && p.from < widest.to && widest.record != nil {
			r := repeat{epoch: p.epoch, interval: interval{p.from, min(p.to, widest.to)}, first: widest.record, again: p.record}
			if r.again.Stamped().At < r.first.Stamped().At {
				r.first, r.again = r.again, r.first
			}
			found = append(found, r)
			if p.to <= widest.to {
				continue
			}
		}
		widest = p
	}
	return found
}

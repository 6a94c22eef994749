package check

import (
	"cmp"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// InOrder is C3: the application is given the readings of a device in their order, lane by lane. Live ones
// grow by (epoch, sequence), whichever gateways they are of. In the stream some may stand behind those of a newer epoch: what
// lay in a connection that stood still could not be marked any more. They are counted, and the application is given them as
// backfill. Backfill grows by sequence under each epoch, for the spools of two gateways may drain at the same time; and so,
// by themselves, do those that the stream has unmarked, for what was sent live does not wait for the spool. What was
// delivered before is the matter of C2.
func InOrder(h *history.History) Result {
	f := begin(h, "C3", "order of each device")
	for _, id := range sortedKeys(h.Devices) {
		d := h.Devices[id]
		again := map[history.Record]bool{}
		for _, c := range copiesDelivered(d) {
			again[c.again] = true
		}
		f.live(d, again)
		f.unmarked(d)
		f.backfill(d, again)
		f.dated(d)
	}
	if f.Examined == 0 {
		f.unknown("no reading was delivered")
	}
	return f.end()
}

// live looks at what is not marked as backfill. Once a reading is out of order, those after it are compared with
// the newest, so that each that is late is named.
func (f *finding) live(d *history.Device, again map[history.Record]bool) {
	var newest *history.Delivered
	for _, b := range d.Delivered {
		if b.Backfill || len(b.Readings) == 0 || again[b] {
			continue
		}
		f.Examined++
		if newest != nil && cmp.Or(cmp.Compare(b.Epoch, newest.Epoch), cmp.Compare(b.First, newest.First)) < 0 {
			f.inversion(d, newest, b, "live")
			continue
		}
		newest = b
	}
}

// unmarked counts what the stream has behind readings of a newer epoch, and that does not say so.
func (f *finding) unmarked(d *history.Device) {
	var epoch uint64
	for _, b := range d.Stored {
		if b.Backfill {
			continue
		}
		if epoch = max(epoch, b.Epoch); b.Epoch < epoch {
			f.Metrics["live under an older epoch"] += float64(len(b.Readings))
		}
	}
}

// lane is one of those whose readings grow by themselves.
type lane struct {
	epoch  uint64
	marked bool // as backfill, in the stream
}

func (f *finding) backfill(d *history.Device, again map[history.Record]bool) {
	newest := map[lane]*history.Delivered{}
	unmarked := unmarkedIn(d)
	for _, b := range d.Delivered {
		if !b.Backfill || len(b.Readings) == 0 || again[b] {
			continue
		}
		f.Examined++
		f.Metrics["backfilled"] += float64(len(b.Readings))
		of := lane{b.Epoch, !unmarked[b.Epoch].touches(interval{b.First, b.First + 1})}
		if last := newest[of]; last != nil && b.First < last.First {
			f.inversion(d, last, b, "backfill")
			continue
		}
		newest[of] = b
	}
}

// unmarkedIn returns, by epoch, what the stream has of a device that is not marked as backfill.
func unmarkedIn(d *history.Device) map[uint64]intervals {
	all := map[uint64]intervals{}
	for _, b := range d.Stored {
		if !b.Backfill {
			all[b.Epoch] = append(all[b.Epoch], interval{b.First, b.End()})
		}
	}
	for epoch, some := range all {
		all[epoch] = some.normal()
	}
	return all
}

func (f *finding) inversion(d *history.Device, before, late *history.Delivered, lane string) {
	f.violated("C3", ReadingID(d.ID, late.Epoch, late.First), suspect{device: d.ID, bus: d.Spec.Bus},
		[]history.Record{before, late}, "%s readings %s came after %s", lane,
		span(d.ID, late.Epoch, late.First, late.End()), span(d.ID, before.Epoch, before.First, before.End()))
}

package check

import (
	"cmp"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// InOrder is C3: the application is given the readings of a device in their order, lane by lane. Live ones of one gateway
// grow by (epoch, sequence); one that has not heard yet that it lost the bus may send some under its old epoch, which are
// counted. Backfill grows by sequence under each epoch: the spools of two gateways may drain at the same time. What
// was delivered before is the matter of C2.
func InOrder(h *history.History) Result {
	f := begin(h, "C3", "order of each device")
	for _, id := range sortedKeys(h.Devices) {
		d := h.Devices[id]
		again := map[history.Record]bool{}
		for _, c := range copiesDelivered(d) {
			again[c.again] = true
		}
		f.live(d, again)
		f.backfill(d, again)
	}
	if f.Examined == 0 {
		f.unknown("no reading was delivered")
	}
	return f.end()
}

// live looks at what is not marked as backfill. Once a reading is out of order, those after it are compared with
// the newest, so that each that is late is named.
func (f *finding) live(d *history.Device, again map[history.Record]bool) {
	newest := map[string]*history.Delivered{} // by gateway
	var epoch uint64
	for _, b := range d.Delivered {
		if b.Backfill || len(b.Readings) == 0 || again[b] {
			continue
		}
		f.Examined++
		if epoch = max(epoch, b.Epoch); b.Epoch < epoch {
			f.Metrics["live under an older epoch"] += float64(len(b.Readings))
		}
		last := newest[b.Gateway]
		if last != nil && cmp.Or(cmp.Compare(b.Epoch, last.Epoch), cmp.Compare(b.First, last.First)) < 0 {
			f.inversion(d, last, b, "live")
			continue
		}
		newest[b.Gateway] = b
	}
}

func (f *finding) backfill(d *history.Device, again map[history.Record]bool) {
	newest := map[uint64]*history.Delivered{}
	for _, b := range d.Delivered {
		if !b.Backfill || len(b.Readings) == 0 || again[b] {
			continue
		}
		f.Examined++
		f.Metrics["backfilled"] += float64(len(b.Readings))
		if last := newest[b.Epoch]; last != nil && b.First < last.First {
			f.inversion(d, last, b, "backfill")
			continue
		}
		newest[b.Epoch] = b
	}
}

func (f *finding) inversion(d *history.Device, before, late *history.Delivered, lane string) {
	f.violated("C3", ReadingID(d.ID, late.Epoch, late.First), suspect{device: d.ID, bus: d.Spec.Bus},
		[]history.Record{before, late}, "%s readings %s came after %s", lane,
		span(d.ID, late.Epoch, late.First, late.End()), span(d.ID, before.Epoch, before.First, before.End()))
}

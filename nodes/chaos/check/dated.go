package check

import "github.com/roost-iot/roost/nodes/chaos/history"

// dated is C3t: a reading whose time is said to be the hub's was not taken before the hardware gave it, nor after the
// hub had it, but for what its clock says that it may be off. A time that is said not to be the hub's may be any.
func (f *finding) dated(d *history.Device) {
	given := map[uint64]*history.Read{}
	for _, r := range d.Reads {
		if r.Done && r.Count > 0 {
			given[r.Count] = r
		}
	}
	for _, b := range d.Stored {
		if !b.Synced {
			f.Metrics["readings that say that their time is not the hub's"] += float64(len(b.Readings))
			continue
		}
		for i, r := range b.Readings {
			read := given[r.Count]
			if r.Taken == 0 || read == nil {
				continue
			}
			f.Metrics["dated"]++
			off := b.ClockError + f.limits.ClockError + f.limits.Epsilon
			early, late := read.At.Sub(r.Taken), r.Taken.Sub(b.At)
			if early <= off && late <= off {
				continue
			}
			f.violated("C3t", ReadingID(d.ID, b.Epoch, b.First+uint64(i)), suspect{device: d.ID, bus: d.Spec.Bus}, []history.Record{read, b},
				"%s says that it was taken %v before the hardware gave it, and %v after the hub had it, give or take %v", ReadingID(d.ID, b.Epoch, b.First+uint64(i)), early, late, b.ClockError)
			break // the others of the batch are as wrong
		}
	}
}

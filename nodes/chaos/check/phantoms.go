package check

import (
	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// shown is what a device measured: by the number of the read, and all values at all.
type shown struct {
	counts map[uint64][]*history.Read  // more than one if the hardware was started anew
	values map[string]boottime.Instant // when each was shown first
}

// phantoms looks for readings that the device never gave.
func (f *finding) phantoms(d *history.Device) {
	if len(f.h.Hardware) == 0 {
		return // there is no word of the hardware
	}
	s := shown{counts: map[uint64][]*history.Read{}, values: map[string]boottime.Instant{}}
	for _, r := range d.Reads {
		if !r.Done {
			continue
		}
		s.counts[r.Count] = append(s.counts[r.Count], r)
		value := roostv1.Double(r.Value).Format()
		if _, before := s.values[value]; !before {
			s.values[value] = r.At
		}
	}
	for _, b := range d.Delivered {
		for i, reading := range b.Readings {
			if reading.Resource != wire.ResourceValue || reading.Value == "-" {
				continue
			}
			f.Metrics["compared"]++
			if flaw := s.flaw(reading, b.At.Add(f.limits.Epsilon)); flaw != "" {
				id := ReadingID(d.ID, b.Epoch, b.First+uint64(i))
				f.violated("C1", id, suspect{device: d.ID, bus: d.Spec.Bus}, []history.Record{b}, "reading %s is %s", id, flaw)
			}
		}
	}
}

// flaw says what is wrong with a reading that was delivered before some time; "" if nothing is.
func (s shown) flaw(r history.Reading, before boottime.Instant) string {
	if r.Count == 0 {
		if at, ok := s.values[r.Value]; !ok || before < at {
			return "a phantom: the device had never shown " + r.Value
		}
		return ""
	}
	reads := s.counts[r.Count]
	if len(reads) == 0 || before < reads[0].At {
		return "a phantom: the device had not been read that often"
	}
	for _, read := range reads {
		if roostv1.Double(read.Value).Format() == r.Value {
			return ""
		}
	}
	return "corrupt: it says " + r.Value + ", and the device showed " + roostv1.Double(reads[0].Value).Format()
}

package check

import (
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// queries: who asks what a device measures is told something that it has shown by then.
func (f *finding) queries() {
	if len(f.h.Hardware) == 0 {
		return // there is no word of the hardware
	}
	shown := map[string]map[string]boottime.Instant{} // by device and value: when first
	for _, id := range sortedKeys(f.h.Queries) {
		q := f.h.Queries[id]
		told := q.Final()
		if told == nil || told.State != history.Succeeded {
			f.Metrics["queries without an answer"]++
			continue
		}
		f.Examined++
		f.Metrics["queries"]++
		device := q.Call.Device
		if shown[device] == nil {
			shown[device] = shownBy(f.h.Devices[device])
		}
		if at, ever := shown[device][told.Value]; !ever || told.At.Add(f.limits.Epsilon) < at {
			f.violated("C8", id, suspect{device: device, command: id}, []history.Record{q.Call, told},
				"%s was told that %s measures %s, and it had never shown that", id, device, told.Value)
		}
	}
}

// shownBy returns when a device has shown each value first.
func shownBy(d *history.Device) map[string]boottime.Instant {
	values := map[string]boottime.Instant{}
	if d == nil {
		return values
	}
	for _, r := range d.Reads {
		value := roostv1.Double(r.Value).Format()
		if _, before := values[value]; r.Done && !before {
			values[value] = r.At
		}
	}
	return values
}

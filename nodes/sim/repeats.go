package sim

import "github.com/roost-iot/roost/actors/drivers/rig/wire"

// Deed is a write that a command asks for.
type Deed struct {
	Device, Command, Resource string
}

// Deeds returns the actions that were done, by the write that they carry out. Those without a
// command's id are left out: nothing tells one of them from the next.
func Deeds(records []Record) map[Deed][]Record {
	deeds := make(map[Deed][]Record)
	for _, r := range records {
		if r.Kind == KindAction && r.Result == Done && r.Command != "" {
			d := Deed{Device: r.Device, Command: r.Command, Resource: r.Resource}
			deeds[d] = append(deeds[d], r)
		}
	}
	return deeds
}

// Repeats returns the deeds that were done more than once though they must not be: all but ABSOLUTE
// ones. A command must not write the same resource in two of its steps, for that looks the same.
func Repeats(records []Record) map[Deed][]Record {
	deeds := Deeds(records)
	for d, done := range deeds {
		if len(done) < 2 || wire.Repeatable(d.Resource) {
			delete(deeds, d)
		}
	}
	return deeds
}

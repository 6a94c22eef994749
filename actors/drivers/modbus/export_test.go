package modbus

import (
	"github.com/roost-iot/roost/actors/drivers/modbus/frame"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Written returns the registers that a write of v to r sends.
func Written(r *roostv1.Resource, v *roostv1.Value) (*frame.Request, error) {
	entries, problems := parseEntries(&roostv1.Profile{Resources: []*roostv1.Resource{r}})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return entries[r.Name].request(v)
}

// Decoded returns what the registers of r are.
func Decoded(r *roostv1.Resource, registers []uint16) (*roostv1.Value, roostv1.QualityReason) {
	entries, _ := parseEntries(&roostv1.Profile{Resources: []*roostv1.Resource{r}})
	e := entries[r.Name]
	return e.decode(new(blanks).of(e.kind), part{registers: registers})
}

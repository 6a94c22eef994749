package mqttd

import (
	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Problems are all that is wrong with a device; an error tells the first of them.
func Problems(d actors.Device) roostv1.Problems {
	_, problems := parse(d.Spec, d.Profile, nil)
	return problems
}

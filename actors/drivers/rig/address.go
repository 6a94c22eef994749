package rig

import (
	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// address is a device's address, read.
type address struct {
	hardware string // host:port
	share    bool
}

// parseAddress reads the address of a device. The result is usable only if there are no problems.
func parseAddress(spec *roostv1.DeviceSpec) (address, roostv1.Problems) {
	k := keys.OfAddress(Name, spec)
	a := address{hardware: k.HostPort("hardware"), share: k.Bool("share") && !spec.GetExclusiveSession()}
	if !k.Has("hardware") {
		k.Wrong("hardware", "is needed: host:port of the hardware")
	}
	return a, k.Problems()
}

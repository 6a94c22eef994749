package gateway

import (
	"fmt"
	"log/slog"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Checks returns a function that tells what the drivers that come with Roost find wrong with a device, without any I/O. Paths are as
// roostv1.WithCheck wants them. Of a device with another driver nothing is said: gateways may have it. It may be called concurrently.
func Checks() func(d *roostv1.DeviceSpec, p *roostv1.Profile) roostv1.Problems {
	drivers := Drivers("", "", nil, slog.New(slog.DiscardHandler))
	return func(d *roostv1.DeviceSpec, p *roostv1.Profile) roostv1.Problems {
		checker, ok := drivers[d.GetDriver()].(actors.Checker)
		if !ok {
			return nil
		}
		return roostv1.ProblemsOf(check(checker, actors.Device{Spec: d, Profile: p}))
	}
}

// check makes a panic of a driver a problem of its device, as gateways do.
func check(c actors.Checker, d actors.Device) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the driver %s panicked when it looked at the device: %v", d.Spec.GetDriver(), r)
		}
	}()
	return c.Check(d)
}

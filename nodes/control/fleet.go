package control

import (
	"context"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Fleet is what a gateway offers to those on its machine. Its methods may be called concurrently.
type Fleet interface {
	// Statuses describes the devices that are served here, with ids after the given one, at most limit
	// of them, and whether there are more.
	Statuses(after string, limit int) (page []*roostv1.DeviceStatus, more bool)
	// Buses describes the buses that are served here, in pages as Statuses does.
	Buses(after string, limit int) (page []*roostv1.BusStatus, more bool)
	// Device describes one device; false if it is not served here.
	Device(id string) (Device, bool)
	// Story tells why a device is where it is.
	Story(device string) (*roostv1.Story, error)
	// Submit has a command accepted, and answers once: with its final record, or the present one when
	// wait is over, or with the reason why there is none. It does not wait itself.
	Submit(ctx context.Context, c *roostv1.Command, wait time.Duration, answer func(*roostv1.CommandRecord, error))
	// Tap has its readings.
	Tap() *Tap
}

// Device is all that a gateway knows of a device that it serves.
type Device struct {
	Spec    *roostv1.DeviceSpec
	Profile *roostv1.Profile
	Status  *roostv1.DeviceStatus
	Desired *roostv1.Desired // nil: nothing is
}

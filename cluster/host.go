package cluster

import (
	"context"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Host is what the cluster needs of a gateway's actors. All methods may be called
// concurrently, but Assign and Withdraw of one bus are called one after the other.
type Host interface {
	// Assign serves a bus under an epoch, with exactly the devices that are given: it opens the
	// bus, or changes one that is open. It is idempotent, and does not wait for devices. After
	// an error it is called again, a little later. The assignment may be kept, and must not
	// be changed.
	Assign(ctx context.Context, a *roostv1.Assignment) error

	// Withdraw ends serving a bus in order: when it returns nil, nothing is done to its devices any
	// more, and what they read is stored. When ctx ends before, the bus is cut off, and the
	// error says so; another Withdraw then waits until that is done. A bus that is not
	// served is no error.
	Withdraw(ctx context.Context, bus string) error

	// Suspend tells that the gateway has no lease: no shared device may be acted on, and those that
	// take one session only are not to be touched. Resume ends that. Neither waits for devices, and
	// both may be called when it is so already.
	Suspend()
	Resume()

	// Commands hands over commands of devices of the bus that have not ended, in their order, under the epoch of the last
	// Assign: all that there are after an Assign under a new epoch, and later ones as they come; none twice under
	// one epoch, but when a cancellation for it has come. It does not wait. Calls are made one after the other, but
	// beside Assign and Withdraw: those for a bus that is not served, or is under another epoch by
	// now, are void. What is handed over may be kept, is shared, and must not be changed.
	Commands(bus string, epoch uint64, open []*roostv1.OpenCommand)

	// Release ends the quarantine of a device.
	Release(ctx context.Context, deviceID string) error

	// Statuses returns the devices that are served, with ids after the one given, in the order
	// of their ids, at most limit of them, and whether there are more behind them.
	Statuses(after string, limit int) (page []*roostv1.DeviceStatus, more bool)

	// Buses returns the buses that are served, in pages as Statuses does.
	Buses(after string, limit int) (page []*roostv1.BusStatus, more bool)

	// Status returns one device with its resources; false if it is not served.
	Status(deviceID string) (*roostv1.DeviceStatus, bool)
}

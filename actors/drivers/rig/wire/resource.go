package wire

// Resources of a device.
const (
	// ResourceValue, DOUBLE: what it measures; it drifts. To read.
	ResourceValue = "value"
	// ResourceCount, UINT: how often it was read, this time included. To read.
	ResourceCount = "count"
	// ResourceSetpoint, DOUBLE: what it is set to. To read, and to write: ABSOLUTE.
	ResourceSetpoint = "setpoint"
	// ResourceDose, DOUBLE: an amount to dose. To write: RELATIVE.
	ResourceDose = "dose"
	// ResourceDosed, DOUBLE: all that it has dosed. To read.
	ResourceDosed = "dosed"
	// ResourcePulse, BOOL: acts once when true is written. To write: PULSE.
	ResourcePulse = "pulse"
	// ResourcePulses, UINT: how often it acted. To read.
	ResourcePulses = "pulses"
)

// Limits of what can be written.
const (
	// MaxSetpoint is the highest setpoint; the lowest is 0.
	MaxSetpoint = 100.0
	// MaxDose is the largest amount in one dose; the least is 0.
	MaxDose = 1000.0
)

// Repeatable reports whether to write a resource twice is the same as once.
func Repeatable(resource string) bool { return resource == ResourceSetpoint }

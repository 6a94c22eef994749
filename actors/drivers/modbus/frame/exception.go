package frame

import "fmt"

// Exception is a server's refusal: it has not done what was asked. It is an error.
type Exception byte

// The exceptions that the specification has.
const (
	IllegalFunction        Exception = 1
	IllegalAddress         Exception = 2
	IllegalValue           Exception = 3
	ServerFailure          Exception = 4 // the server broke down over it
	Acknowledge            Exception = 5 // the server has begun, and needs longer
	ServerBusy             Exception = 6
	MemoryParity           Exception = 8
	GatewayNoPath          Exception = 10
	GatewayTargetNoAnswers Exception = 11
)

// Error says what the server said.
func (e Exception) Error() string {
	names := map[Exception]string{
		IllegalFunction: "the device does not know the function", IllegalAddress: "the device has no such address",
		IllegalValue: "the device does not take the value or the number of registers", ServerFailure: "the device failed while it did it",
		Acknowledge: "the device has begun, and needs longer", ServerBusy: "the device is busy", MemoryParity: "the device's memory is damaged",
		GatewayNoPath: "the converter has no way to the device", GatewayTargetNoAnswers: "the device does not answer the converter",
	}
	if name := names[e]; name != "" {
		return fmt.Sprintf("%s (exception %d)", name, byte(e))
	}
	return fmt.Sprintf("the device refused (exception %d)", byte(e))
}

// Undone reports whether the exception says that nothing was done. A device that failed while it did it, or that has begun, or
// that did not answer a converter may have done it, whole or in part.
func (e Exception) Undone() bool {
	switch e {
	case IllegalFunction, IllegalAddress, IllegalValue, ServerBusy, GatewayNoPath:
		return true
	}
	return false
}

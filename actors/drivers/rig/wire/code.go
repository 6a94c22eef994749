package wire

import "fmt"

// Code says why the hardware did not do what it was asked for. Whatever the code, it did
// nothing. A code is an error, so that errors.Is(err, wire.CodeTaken) works.
type Code uint64

const (
	// CodeMalformed: the frame cannot be understood, or comes out of turn; the connection ends.
	CodeMalformed Code = 1
	// CodeVersion: the hardware does not speak this version; the connection ends.
	CodeVersion Code = 2
	// CodeUnknownDevice: there is no such device.
	CodeUnknownDevice Code = 3
	// CodeTaken: the device takes one session at a time, and another one lives.
	CodeTaken Code = 4
	// CodeNotOpen: there is no such session on this connection.
	CodeNotOpen Code = 5
	// CodeBusy: too much waits already.
	CodeBusy Code = 6
	// CodeStaleEpoch: the device has seen a higher epoch.
	CodeStaleEpoch Code = 7
	// CodeInvalid: the device has no such resource, or it does not take this value.
	CodeInvalid Code = 8
	// CodeDeclined: the device does not want to at present.
	CodeDeclined Code = 9
)

// Error returns the code in words.
func (c Code) Error() string {
	switch c {
	case CodeMalformed:
		return "malformed frame"
	case CodeVersion:
		return "protocol version not spoken"
	case CodeUnknownDevice:
		return "unknown device"
	case CodeTaken:
		return "taken by another session"
	case CodeNotOpen:
		return "session not open"
	case CodeBusy:
		return "busy"
	case CodeStaleEpoch:
		return "stale epoch"
	case CodeInvalid:
		return "invalid"
	case CodeDeclined:
		return "declined"
	default:
		return fmt.Sprintf("refused with code %d", uint64(c))
	}
}

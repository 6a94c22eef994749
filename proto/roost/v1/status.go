package roostv1

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The codes are errors themselves, so that a caller on either side of a wire tests
// errors.Is(err, roostv1.ErrBusy), whatever message came with it.
const (
	ErrInvalid        = Code_CODE_INVALID_ARGUMENT
	ErrNotFound       = Code_CODE_NOT_FOUND
	ErrAlreadyExists  = Code_CODE_ALREADY_EXISTS
	ErrConflict       = Code_CODE_CONFLICT
	ErrBusy           = Code_CODE_BUSY
	ErrUnavailable    = Code_CODE_UNAVAILABLE
	ErrExpired        = Code_CODE_EXPIRED
	ErrOutcomeUnknown = Code_CODE_OUTCOME_UNKNOWN
	ErrNotOwner       = Code_CODE_NOT_OWNER
	ErrSuspended      = Code_CODE_SUSPENDED
	ErrOffline        = Code_CODE_DEVICE_OFFLINE
	ErrRefused        = Code_CODE_DEVICE_REFUSED
	ErrLocked         = Code_CODE_LOCKED
	ErrQuarantined    = Code_CODE_QUARANTINED
	ErrPanic          = Code_CODE_PANIC
	ErrHung           = Code_CODE_HUNG
	ErrStale          = Code_CODE_STALE
	ErrParked         = Code_CODE_PARKED
	ErrPermission     = Code_CODE_PERMISSION_DENIED
	ErrExhausted      = Code_CODE_EXHAUSTED
	ErrInternal       = Code_CODE_INTERNAL
	ErrCancelled      = Code_CODE_CANCELLED
)

// Error makes a code an error: "device offline".
func (c Code) Error() string {
	return strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(c.String(), "CODE_")), "_", " ")
}

// Errorf returns a status with the code and a formatted message, made valid UTF-8. As an error it
// is the code, and also every error that the format wraps with %w is lost: what
// must survive a wire is the code.
func Errorf(code Code, format string, args ...any) *Status {
	return &Status{Code: code, Message: valid(fmt.Sprintf(format, args...))}
}

// Error makes a status an error: its message, or its code where it has none.
func (x *Status) Error() string {
	if x.GetMessage() == "" {
		return x.GetCode().Error()
	}
	return x.GetMessage()
}

// Is reports whether target is the status's code.
func (x *Status) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == x.GetCode()
}

// Err returns the status as an error: nil where it is nil or OK.
func (x *Status) Err() error {
	if x == nil || x.Code == Code_CODE_OK {
		return nil
	}
	return x
}

// StatusOf returns the status that tells err to another process: OK for nil, the
// status or code inside err where there is one, EXPIRED or CANCELLED for a
// context's end, and INTERNAL otherwise. The message is all of err's text, made valid UTF-8: it may be a
// device's, and nothing else can be encoded.
func StatusOf(err error) *Status {
	var status *Status
	var code Code
	switch {
	case err == nil:
		return &Status{Code: Code_CODE_OK}
	case errors.As(err, &status):
		code = status.GetCode()
	case errors.As(err, &code):
	case errors.Is(err, context.DeadlineExceeded):
		code = ErrExpired
	case errors.Is(err, context.Canceled):
		code = ErrCancelled
	default:
		code = ErrInternal
	}
	return &Status{Code: code, Message: valid(err.Error())}
}

// valid replaces what is not UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

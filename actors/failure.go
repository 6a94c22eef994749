package actors

import (
	"context"
	"errors"
	"fmt"
	"strings"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// failure is what a device actor panics with to be restarted: its supervisor reads
// the reason, and the restart policy decides. Any other panic is a defect of a
// driver or of this package, and treated alike.
type failure struct{ status *roostv1.Status }

// panicked is a panic as an error, with the stack where it happened.
type panicked struct {
	value any
	stack []byte
}

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func (p panicked) Unwrap() error { return roostv1.ErrPanic }

// failureStatus tells why an actor failed, from what it panicked with.
func failureStatus(reason any) *roostv1.Status {
	switch r := reason.(type) {
	case failure:
		return r.status
	case error:
		if errors.Is(r, roostv1.ErrPanic) {
			return roostv1.StatusOf(r)
		}
	}
	return roostv1.StatusOf(panicked{value: reason})
}

// deviceStatus tells what a driver's error means for its device: the code that
// the driver chose, or that the device does not answer.
func deviceStatus(act string, err error) *roostv1.Status {
	status := roostv1.StatusOf(err)
	if !strings.HasPrefix(status.Message, act+" ") { // many drivers say themselves what they did
		status = &roostv1.Status{Code: status.Code, Message: act + ": " + status.Message}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		status.Code, status.Message = roostv1.ErrOffline, act+": no answer in time"
	case errors.Is(err, ErrRefused):
		status.Code = roostv1.ErrRefused
	case status.Code == roostv1.ErrInternal, status.Code == roostv1.ErrCancelled:
		status.Code = roostv1.ErrOffline
	}
	return status
}

package httpdev

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// statuses are those that say something else here than elsewhere.
type statuses struct{ done, refused []int }

// statusClientClosed is what a proxy notes when its client went away: of the device it says nothing.
const statusClientClosed = 499

// outcome is what the status of a write says, with what the device said besides: nil if it is done.
func (s statuses) outcome(status int, text string) error {
	answered := fmt.Errorf("the device answered %s", describeStatus(status, text))
	switch {
	case slices.Contains(s.refused, status):
		return fmt.Errorf("%w: %w", actors.ErrRefused, answered)
	case status/100 == 2, slices.Contains(s.done, status):
		return nil
	case status/100 == 3:
		return fmt.Errorf("%w; redirects of writes are not followed", answered)
	case status/100 == 4 && status != http.StatusRequestTimeout && status != statusClientClosed:
		return fmt.Errorf("%w: %w", actors.ErrRefused, answered)
	}
	return answered
}

func describeStatus(status int, text string) string {
	name := http.StatusText(status)
	if name == "" {
		name = "of no known meaning"
	}
	if text != "" {
		return fmt.Sprintf("%d %s: %q", status, name, text)
	}
	return fmt.Sprintf("%d %s", status, name)
}

// reasonOf is why there is no value when a read has this status.
func reasonOf(status int) roostv1.QualityReason {
	switch {
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return roostv1.QualityReason_QUALITY_REASON_DEVICE_BUSY
	case status/100 == 4:
		return roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED // there is nothing at that path for us
	}
	return roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE
}

//go:build !linux && !darwin && !windows

package boottime

import "time"

const countsSuspend = false

func reader() func() (Instant, error) {
	start := time.Now()
	return func() (Instant, error) { return Instant(time.Since(start)), nil }
}

package boottime

import "golang.org/x/sys/windows"

const countsSuspend = true

func reader() func() (Instant, error) {
	return func() (Instant, error) { return Instant(windows.DurationSinceBoot()), nil }
}

//go:build linux || darwin

package boottime

import "golang.org/x/sys/unix"

func reader() func() (Instant, error) { return read }

func read() (Instant, error) {
	var at unix.Timespec
	if err := unix.ClockGettime(clockID, &at); err != nil {
		return 0, err
	}
	return Instant(at.Nano()), nil
}

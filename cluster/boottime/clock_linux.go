package boottime

import "golang.org/x/sys/unix"

const (
	countsSuspend = true
	clockID       = unix.CLOCK_BOOTTIME
)

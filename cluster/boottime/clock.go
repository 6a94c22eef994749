package boottime

import "fmt"

// Clock is the boot clock of this machine. The zero Clock is not usable; see Open.
type Clock struct {
	read func() (Instant, error)
}

// Open returns the clock. The error says why this system does not give it; one that has given it
// once gives it always.
func Open() (Clock, error) {
	clock := Clock{reader()}
	if _, err := clock.read(); err != nil {
		return Clock{}, fmt.Errorf("read the clock that counts suspended time: %w", err)
	}
	return clock, nil
}

// Now reads the clock. On most platforms it costs a system call: from 100 ns to 2 us.
func (c Clock) Now() Instant {
	now, _ := c.read() // a clock that exists does not cease to: see Open
	return now
}

// CountsSuspend reports whether time for which the machine was suspended counts.
func (c Clock) CountsSuspend() bool { return countsSuspend }

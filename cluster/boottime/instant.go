package boottime

import "time"

// Instant is a point on the boot clock: the time since some moment that is fixed until the
// machine boots. Instants of two machines, or of two boots, have nothing to do with each other.
// The zero Instant is before everything.
type Instant time.Duration

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns how much later i is than earlier.
func (i Instant) Sub(earlier Instant) time.Duration { return time.Duration(i - earlier) }

// Before reports whether i is before other.
func (i Instant) Before(other Instant) bool { return i < other }

// String tells the time since the clock's beginning.
func (i Instant) String() string { return time.Duration(i).String() }

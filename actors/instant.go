package actors

import (
	"math"
	"time"
)

// An instant is a time on the gateway's monotonic clock, from its start: eight bytes
// where a time.Time has twenty-four, and no step of the wall clock moves it.
type instant time.Duration

// never is after every other instant.
const never = instant(math.MaxInt64)

func (i instant) add(d time.Duration) instant { return i + instant(d) }

// until is how long it is from now to i, at least 0.
func (i instant) until(now instant) time.Duration { return max(time.Duration(i-now), 0) }

// now is the present instant.
func (e *env) now() instant { return instant(time.Since(e.started)) }

// instantOf is the instant of a time that has a monotonic reading.
func (e *env) instantOf(t time.Time) instant { return instant(t.Sub(e.started)) }

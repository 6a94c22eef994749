package actors

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// machineClock is the Clock of a gateway that knows no hub: this machine's wall clock as it stood when
// the gateway began, and no step since.
type machineClock struct{ began time.Time }

// Now implements [Clock].
func (c machineClock) Now() (time.Time, time.Duration, bool) {
	return c.began.Round(0).Add(time.Since(c.began)), 0, true
}

// clockRecheck is how long commands wait before they look again at a clock that was not known.
const clockRecheck = 100 * time.Millisecond

// hubTime is the hub's time; false while it is not known, and then nothing is dispatched.
func (e *env) hubTime() (time.Time, bool) {
	now, _, ok := e.clock.Now()
	return now, ok
}

// stamp is the time to note in a record: the hub's, or that of the record's last change while the
// hub's is not known. No wall clock of a gateway gets into a record.
func (e *env) stamp(r *roostv1.CommandRecord) time.Time {
	if now, ok := e.hubTime(); ok {
		return now
	}
	if n := len(r.GetTransitions()); n > 0 {
		return r.Transitions[n-1].GetAt().AsTime()
	}
	return r.GetAcceptedAt().AsTime()
}

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

// A TenureClock is a [Clock] that counts from another beginning where a bus is served since before the hub's time
// was known: times of commands under one epoch of one bus are then all from one clock, and never jump.
type TenureClock interface {
	Clock
	// NowUnder is Now for commands of devices on the bus under the epoch.
	NowUnder(bus string, epoch uint64) (now time.Time, bound time.Duration, ok bool)
}

// clockRecheck is how long commands wait before they look again at a clock that was not known.
const clockRecheck = 100 * time.Millisecond

// timeUnder is the hub's time, as it counts for a bus under an epoch; false while it is not known, and then nothing
// is dispatched.
func (e *env) timeUnder(bus string, epoch uint64) (time.Time, bool) {
	now, _, known := e.reading(bus, epoch)
	return now, known
}

// latestUnder is what the hub's time may be at the latest: a command that may be late is not sent.
func (e *env) latestUnder(bus string, epoch uint64) (time.Time, bool) {
	now, bound, known := e.reading(bus, epoch)
	return now.Add(bound), known
}

func (e *env) reading(bus string, epoch uint64) (now time.Time, bound time.Duration, known bool) {
	if c, ok := e.clock.(TenureClock); ok {
		return c.NowUnder(bus, epoch)
	}
	return e.clock.Now()
}

// stamp is the time to note in a record: the hub's, or that of the record's last change while the
// hub's is not known. No wall clock of a gateway gets into a record.
func (e *env) stamp(bus string, epoch uint64, r *roostv1.CommandRecord) time.Time {
	if now, ok := e.timeUnder(bus, epoch); ok {
		return now
	}
	if n := len(r.GetTransitions()); n > 0 {
		return r.Transitions[n-1].GetAt().AsTime()
	}
	return r.GetAcceptedAt().AsTime()
}

// hubTime is timeUnder for the supervisor's device.
func (s *supervisor) hubTime() (time.Time, bool) {
	return s.env.timeUnder(s.charge.spec.BusID(), s.charge.epoch)
}

func (s *supervisor) stamp(r *roostv1.CommandRecord) time.Time {
	return s.env.stamp(s.charge.spec.BusID(), s.charge.epoch, r)
}

// times is the hub's time and what it may be at the latest, for the attempt's device, from one look at the clock.
func (a *attempt) times() (now, latest time.Time, known bool) {
	now, bound, known := a.env.reading(a.bus, a.dispatched.Epoch)
	return now, now.Add(bound), known
}

// latest is latestUnder for the attempt's device.
func (a *attempt) latest() (time.Time, bool) { return a.env.latestUnder(a.bus, a.dispatched.Epoch) }

// latest is latestUnder for the supervisor's device.
func (s *supervisor) latest() (time.Time, bool) {
	return s.env.latestUnder(s.charge.spec.BusID(), s.charge.epoch)
}

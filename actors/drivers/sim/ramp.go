package sim

import "time"

// ramp is a quantity that goes from one value to another at a fixed rate, and then
// stays there.
type ramp struct {
	from, to float64
	rate     float64 // a second, above zero
	since    time.Time
}

// arrival returns how long the way takes.
func (r ramp) arrival() time.Duration {
	return inSeconds(max(r.to-r.from, r.from-r.to) / r.rate)
}

// at returns the value at a time, which is not before since.
func (r ramp) at(now time.Time) float64 {
	gone := now.Sub(r.since)
	if gone >= r.arrival() {
		return r.to
	}
	if r.to < r.from {
		return r.from - r.rate*gone.Seconds()
	}
	return r.from + r.rate*gone.Seconds()
}

// area returns the sum of the value over time, in value times seconds, since it
// began to move.
func (r ramp) area(now time.Time) float64 {
	gone := now.Sub(r.since)
	moving := min(gone, r.arrival())
	onTheWay := (r.from + r.at(r.since.Add(moving))) / 2 * moving.Seconds()
	return onTheWay + r.to*(gone-moving).Seconds()
}

// turn makes it go to another value from where it is.
func (r *ramp) turn(to float64, now time.Time) {
	r.from, r.to, r.since = r.at(now), to, now
}

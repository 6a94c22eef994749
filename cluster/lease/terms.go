package lease

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// DefaultLease is the length of a lease where nothing else is said.
	DefaultLease = 2 * time.Second

	// marginShare is the part of a lease that is waited beyond it. A quarter is enough for what a
	// kernel may do to its clock: Linux lets time daemons change the rate by 10.05 % at
	// most, and chrony uses 8.3 % of it when it has much to correct. See RateError.
	marginShare = 4

	// renewals is how many renewals go into a lease while the hub answers. A gateway that stops hearing the hub may
	// renew once more without knowing, and its peers wait from then on: so the sixth part of a lease is
	// what half-open links add to the time without an owner.
	renewals = 6

	// repeats is how often a renewal without an answer is asked for in a lease: three may be lost without harm.
	repeats = 4

	minLease = 100 * time.Millisecond
	maxLease = 10 * time.Minute
)

// Terms are the times of a lease. The zero Terms are the default ones.
type Terms struct {
	// Lease is how long a gateway may act after a renewal; default 2 s. Between 100 ms and 10 min.
	Lease time.Duration

	// Margin is what a peer waits beyond the lease before it evicts; default a quarter of it. It
	// makes up for clocks that run at different rates, and for nothing else. At most the lease.
	Margin time.Duration
}

// Validate returns nil if the terms can be used. The error is ErrInvalid and says what is wrong.
func (t Terms) Validate() error {
	t = t.withDefaults()
	if t.Lease < minLease || t.Lease > maxLease {
		return roostv1.Errorf(roostv1.ErrInvalid, "lease of %v: it must be between %v and %v", t.Lease, minLease, maxLease)
	}
	if t.Margin < 0 || t.Margin > t.Lease {
		return roostv1.Errorf(roostv1.ErrInvalid, "margin of %v to a lease of %v: it must be between 0 and the lease", t.Margin, t.Lease)
	}
	return nil
}

func (t Terms) withDefaults() Terms {
	if t.Lease == 0 {
		t.Lease = DefaultLease
	}
	if t.Margin == 0 {
		t.Margin = t.Lease / marginShare
	}
	return t
}

// Pace is the time from one renewal to the next, if the hub has answered by then.
func (t Terms) Pace() time.Duration { return t.withDefaults().Lease / renewals }

// Interval is the time after which a renewal is asked for again that has got no answer; a hub whose answers take
// longer than Pace is asked as they come.
func (t Terms) Interval() time.Duration { return t.withDefaults().Lease / repeats }

// RateError is the error of clock rates that the margin covers, as a fraction: a lease is safe if in
// a true time T every gateway's clock goes on by no less than T(1-RateError) and no more
// than T(1+RateError). It is 1/9 for the default margin.
//
// The holder stops after Lease on its clock, which is Lease/(1-e) of true time at most. The peer waits
// Lease+Margin on its own, which is (Lease+Margin)/(1+e) at least. The second is not shorter
// than the first as long as e <= Margin/(2*Lease+Margin).
func (t Terms) RateError() float64 {
	t = t.withDefaults()
	return float64(t.Margin) / float64(2*t.Lease+t.Margin)
}

// granted is the lease that a record grants, if it says that one. No record can talk a peer into less
// than its own terms, nor into more than any terms allow.
func (t Terms) granted(said time.Duration) time.Duration {
	if mutant("hasty-eviction") {
		return t.Lease / 2
	}
	return min(max(said, t.Lease), maxLease)
}

// patience is how long a peer waits for a change of a record that grants this lease.
func (t Terms) patience(granted time.Duration) time.Duration {
	if mutant("slow-detector") {
		granted *= 10
	}
	return granted + time.Duration(float64(granted)*float64(t.Margin)/float64(t.Lease))
}

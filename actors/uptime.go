package actors

import (
	"sync/atomic"
	"time"
)

const (
	// clocksApart is how far the boot clock may move against Go's monotonic clock before that counts as a
	// suspension. Where the boot clock goes in steps, those are 16 ms.
	clocksApart = 20 * time.Millisecond
	// readTime is how long it may take to read both clocks for the reading to count: the goroutine may
	// have been put aside between the two.
	readTime = time.Millisecond
)

// uptime puts times of Go's monotonic clock, which stands still while the machine is suspended, on the boot
// clock, which does not. Its methods may be called concurrently.
//
// The two differ by a constant that changes only with a suspension. It is kept rather than read each time, so that
// two samples are as far apart on the boot clock as they were on the other.
type uptime struct {
	boot  BootClock
	began time.Time
	// wallOnly is whether time.Now has no monotonic reading, as in a synctest bubble: then no step of the wall
	// clock needs to be feared, and no time is told by it from one that somebody's wall clock told.
	wallOnly bool
	ahead    atomic.Int64 // the boot clock at began, and all suspensions since
}

func newUptime(boot BootClock) *uptime {
	u := &uptime{boot: boot, began: time.Now()}
	u.wallOnly = u.began == u.began.Round(0)
	best := time.Duration(-1)
	for range 3 {
		if ahead, took := u.compare(time.Now()); best < 0 || took < best {
			best = took
			u.ahead.Store(int64(ahead))
		}
	}
	return u
}

// compare returns by how much the boot clock is ahead, and how long it took to find that out.
func (u *uptime) compare(before time.Time) (ahead, took time.Duration) {
	up := u.boot.Now()
	took = time.Since(before)
	return up - before.Sub(u.began) - took/2, took
}

// now returns the present time, and what to add to times of the monotonic clock, as they count from began.
func (u *uptime) now() (now time.Time, ahead time.Duration) {
	now = time.Now()
	kept := time.Duration(u.ahead.Load())
	ahead, took := u.compare(now)
	if took > readTime || (ahead-kept).Abs() < clocksApart {
		return now, kept
	}
	u.ahead.Store(int64(ahead))
	return now, ahead
}

// An arrival is samples that came together.
type arrival struct {
	samples []Sample
	ahead   time.Duration // by how much the boot clock was, as they came
}

// of is the uptime at which a sample came.
func (u *uptime) of(s *Sample, ahead time.Duration) time.Duration { return s.At.Sub(u.began) + ahead }

// stamp notes when samples came that have come just now: what handles them may be busy for long.
func (u *uptime) stamp(samples []Sample) arrival {
	now, ahead := u.now()
	for i := range samples {
		s := &samples[i]
		switch {
		case s.At.IsZero():
			s.At = now
		case !u.wallOnly && s.At == s.At.Round(0): // see Sample.At
			if s.Source.IsZero() {
				s.Source = s.At
			}
			s.At = now
		}
	}
	return arrival{samples, ahead}
}

package actors

import (
	"math"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// restarts is the memory of the restart policy of one device. It is pure: it is
// told the time and the dice, and answers what to do.
//
// The count of failures decays: it halves over each span of Decay, so that a device
// which fails once a day never adds up to a quarantine. The delay before a restart
// is drawn evenly from [0, base * 2^(count-1)), capped: "full jitter", after Marc
// Brooker, Exponential Backoff And Jitter, AWS Architecture Blog 2015.
//
// Invariant: count >= 0; attempt counts the failures since the device was last well.
type restarts struct {
	count       float64
	last        instant // of the last failure
	attempt     uint32
	quarantined bool
}

// A verdict is what to do after a failure.
type verdict struct {
	// delay until the restart, or until the next probe in quarantine.
	delay time.Duration
	// attempt is the number of that restart, from 1, since the device was last well.
	attempt uint32
	// quarantine is true where the failure ended in quarantine or found it there.
	quarantine bool
	// entered is true where this failure began the quarantine.
	entered bool
}

// failed takes a failure and says what to do. dice is drawn from [0, 1).
func (r *restarts) failed(p roostv1.Supervision, now instant, dice float64) verdict {
	r.count = r.decayed(p, now) + 1
	r.last = now
	r.attempt++
	if mutant("restart-without-backoff") {
		return verdict{attempt: r.attempt}
	}
	if r.quarantined {
		return verdict{delay: p.ProbeInterval, attempt: r.attempt, quarantine: true}
	}
	if r.count > float64(p.MaxFailures) {
		r.quarantined = true
		return verdict{delay: p.ProbeInterval, attempt: r.attempt, quarantine: true, entered: true}
	}
	return verdict{delay: r.delay(p, dice), attempt: r.attempt}
}

func (r *restarts) delay(p roostv1.Supervision, dice float64) time.Duration {
	bound := float64(p.BaseDelay) * math.Exp2(r.count-1)
	return time.Duration(min(bound, float64(p.MaxDelay)) * dice)
}

func (r *restarts) decayed(p roostv1.Supervision, now instant) float64 {
	if r.count == 0 {
		return 0
	}
	elapsed := now - r.last
	return r.count * math.Exp2(-float64(elapsed)/float64(p.Decay))
}

// well notes that the device has given a good sign, and reports whether that
// ended a quarantine. The count is left to decay: a device that is well for
// a moment between failures is not well.
func (r *restarts) well() (released bool) {
	r.attempt = 0
	if r.quarantined {
		*r = restarts{}
		return true
	}
	return false
}

// release ends a quarantine by hand, and reports whether there was one. All
// is forgotten either way.
func (r *restarts) release() bool {
	was := r.quarantined
	*r = restarts{}
	return was
}

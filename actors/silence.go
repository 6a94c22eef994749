package actors

import "time"

const (
	// restFactor bounds what a device that does not answer costs the others on its bus: for each call
	// that failed in time t it rests 5t, so it holds the medium for a sixth of the time at most: of five polls that the
	// others would have, they keep more than four.
	restFactor = 5
	// patientFailures is after how many failures in a row the rest grows: it doubles with each one more, up to maxRest.
	patientFailures = 3
	maxRest         = 30 * time.Second
	// passes is how many commands and read-backs may go while their device rests: whoever sends a command to
	// a device that missed one poll does not wait for it, and learns what came of it. They are paid for by a longer rest.
	passes = 2
)

// silence is what is known of a device on a bus whose last call had no answer. It is pure.
//
// While it rests, its polls wait, and its commands but the first few. Where nobody else is on the bus it never does.
type silence struct {
	since    instant // when the first call failed
	failures uint32  // in a row
	until    instant // the end of its rest
	passed   uint8   // commands that went while it rested
}

// lets reports whether a call of the device may go. There may be no silence.
func (s *silence) lets(class callClass, now instant) bool {
	return s == nil || now >= s.until || class == classCommand && s.passed < passes
}

// took notes that a call of the device got its turn.
func (s *silence) took(now instant) {
	switch {
	case s == nil:
	case now < s.until:
		s.passed++
	default:
		s.passed = 0
	}
}

// failed notes one more call without an answer.
func (s *silence) failed(shared bool, took time.Duration, now instant) {
	s.failures++
	if !shared {
		s.until = 0
		return
	}
	paid := max(s.until, now).add(restFactor * took) // what it has cost since it began to rest
	s.until = max(paid, now.add(s.grown(took)))
}

// grown is the rest of a device that has been silent for long.
func (s *silence) grown(took time.Duration) time.Duration {
	rest := restFactor * took
	for i := uint32(patientFailures); i < s.failures && rest < maxRest; i++ {
		rest *= 2
	}
	return min(rest, maxRest)
}

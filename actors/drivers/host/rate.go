package host

import "time"

// counters are the readings of counters that only grow, taken at one time, by what
// they count for: an interface, a disk.
type counters struct {
	at time.Time
	of map[string]uint64
}

// meter turns counters into a rate. The zero meter has seen nothing yet.
type meter struct{ last counters }

// rate returns how much the counters grew a second, all together, since the
// call before. It returns false where that is not known: at the first call, when no
// time has passed, when a counter went back, and when nothing is left of what was
// counted then. What is new counts from the next call on.
func (m *meter) rate(now counters) (perSecond float64, ok bool) {
	span := now.at.Sub(m.last.at).Seconds()
	if span <= 0 {
		return 0, false
	}
	before := m.last.of
	m.last = now
	var grown uint64
	for name, count := range now.of {
		was, known := before[name]
		if !known {
			continue
		}
		if count < was {
			return 0, false
		}
		grown += count - was
		ok = true
	}
	return float64(grown) / span, ok
}

// work is what processors have done since the machine started, in seconds.
type work struct{ busy, all float64 }

// share turns work into the part of the time that was busy. The zero share has
// seen nothing yet.
type share struct {
	last  work
	known bool
}

// percent returns how much of the time since the call before was busy, from 0 to
// 100. It returns false where that is not known: at the first call, when no time has passed,
// and when the clocks of the processors went back.
func (s *share) percent(now work) (float64, bool) {
	busy, all := now.busy-s.last.busy, now.all-s.last.all
	known := s.known
	if known && all == 0 {
		return 0, false
	}
	s.last, s.known = now, true
	if !known || all < 0 {
		return 0, false
	}
	// Kernels correct the idle time now and then, so busy may leave its limits by a tick.
	return min(max(busy/all*100, 0), 100), true
}

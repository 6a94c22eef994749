package lease

import "github.com/roost-iot/roost/cluster/boottime"

const (
	// haste is how many times faster than a renewal a write is tried again that met another one in
	// flight, or came too late.
	haste = 4
	// recentSends is more writes than are ordered within one lease. An older one that turns out to
	// have landed cannot move the fence into the future.
	recentSends = 2 * repeats * haste
)

// sends remembers when the last writes were ordered.
type sends struct {
	count  uint64 // writes so far; they are numbered from 1
	recent [recentSends]boottime.Instant
}

// add notes that a write is ordered now, and returns its number.
func (s *sends) add(now boottime.Instant) uint64 {
	s.count++
	s.recent[s.count%recentSends] = now
	return s.count
}

// at returns when the write with that number was ordered.
func (s *sends) at(number uint64) (boottime.Instant, bool) {
	if number == 0 || number > s.count || s.count-number >= recentSends {
		return 0, false
	}
	return s.recent[number%recentSends], true
}

package actors

import (
	"slices"
	"time"
)

// A schedule knows when which resources of a device are to be polled. It is pure.
//
// Ticks that were missed are counted and skipped, never made up for in a burst:
// a slow device is not hit hardest when it comes back.
type schedule struct {
	groups []pollGroup // shared with other devices
	dues   []instant   // of each group
	begun  instant
	dice   func() float64
}

// A pollGroup is the resources that share a poll interval.
type pollGroup struct {
	interval  time.Duration
	resources []string
}

// newSchedule lets each group begin soon: who waits for a device that was opened, as after the death
// of its gateway, waits for its first values. The second poll comes one interval to one and a half after
// the beginning, so that devices which start together do not poll together for ever. dice returns
// numbers from [0, 1).
func newSchedule(groups []pollGroup, now instant, dice func() float64) schedule {
	s := schedule{groups: groups, dues: make([]instant, len(groups)), begun: now, dice: dice}
	for i := range s.groups {
		phase := float64(min(s.groups[i].interval, maxPhase)) * dice()
		s.dues[i] = now.add(time.Duration(phase))
	}
	return s
}

// maxPhase is the time over which the first polls of devices that start together are spread.
const maxPhase = 50 * time.Millisecond

// after is when the poll is due that comes after the one that was due then.
func (s *schedule) after(due instant, interval time.Duration) instant {
	if time.Duration(due-s.begun) > min(interval, maxPhase) {
		return due.add(interval)
	}
	return s.begun.add(interval + time.Duration(float64(interval/2)*s.dice()))
}

// next is when the next group is due; never if there is none.
func (s *schedule) next() instant {
	at := never
	for _, due := range s.dues {
		at = min(at, due)
	}
	return at
}

// due moves the groups that are due on, and returns their resources. ticks is how many
// polls these are, and missed how many more had passed already.
func (s *schedule) due(now instant) (resources []string, ticks, missed uint64) {
	for i := range s.groups {
		g := &s.groups[i]
		if now < s.dues[i] {
			continue
		}
		next := s.after(s.dues[i], g.interval)
		if next <= now {
			skipped := time.Duration(now-next)/g.interval + 1
			next = next.add(skipped * g.interval)
			missed += uint64(skipped)
		}
		s.dues[i] = next
		if ticks++; ticks == 1 {
			resources = g.resources // not changed: the usual case costs no copy
		} else {
			resources = append(slices.Clip(resources), g.resources...)
		}
	}
	return resources, ticks, missed
}

// all returns the resources of all groups.
func (s *schedule) all() []string {
	var names []string
	for i := range s.groups {
		names = append(names, s.groups[i].resources...)
	}
	return names
}

// longest is the longest interval; zero if there is none.
func (s *schedule) longest() time.Duration {
	var d time.Duration
	for i := range s.groups {
		d = max(d, s.groups[i].interval)
	}
	return d
}

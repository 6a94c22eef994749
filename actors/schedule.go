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
}

// A pollGroup is the resources that share a poll interval.
type pollGroup struct {
	interval  time.Duration
	resources []string
}

// newSchedule lets each group begin at a random point of its interval, or of maxPhase
// if that is shorter, so that devices which start together do not poll together. dice
// returns numbers from [0, 1).
func newSchedule(groups []pollGroup, now instant, dice func() float64) schedule {
	s := schedule{groups: groups, dues: make([]instant, len(groups))}
	for i := range s.groups {
		phase := float64(min(s.groups[i].interval, maxPhase)) * dice()
		s.dues[i] = now.add(time.Duration(phase))
	}
	return s
}

// maxPhase keeps the first value of a slow resource from being long in coming.
const maxPhase = 10 * time.Second

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
		skipped := time.Duration(now-s.dues[i]) / g.interval
		s.dues[i] = s.dues[i].add((skipped + 1) * g.interval)
		missed += uint64(skipped)
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

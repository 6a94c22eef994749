package check

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Without returns the sequences of a that are not in b, each given as pairs of from and to, not included.
func Without(a, b [][2]uint64) [][2]uint64 {
	of := func(pairs [][2]uint64) intervals {
		var s intervals
		for _, p := range pairs {
			s = append(s, interval{p[0], p[1]})
		}
		return s.normal()
	}
	var out [][2]uint64
	for _, i := range of(a).without(of(b)) {
		out = append(out, [2]uint64{i.from, i.to})
	}
	return out
}

// Outages are spans of time, as pairs of from and to.
type Outages struct{ times times }

// NewOutages merges them.
func NewOutages(pairs [][2]boottime.Instant) Outages {
	var t times
	for _, p := range pairs {
		t = append(t, stretch{p[0], p[1]})
	}
	return Outages{t.merged()}
}

// At and After are what the checkers use.
var (
	At    = func(o Outages, i boottime.Instant) bool { return o.times.at(i) }
	After = func(o Outages, a boottime.Instant, d int64) boottime.Instant {
		return after(o.times, a, time.Duration(d))
	}
)

package placement

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// ClaimDelay is how long a gateway of that rank leaves a free bus to those before it: nothing for the
// first, then step, 3 step, 7 step and so on, at most limit.
//
// It only saves writes. Two that claim one bus at the same time do no harm, since one of the
// two writes is refused; and a first one that is alive but does not claim delays the bus by a
// step, not for ever.
func ClaimDelay(rank int, step, limit time.Duration) time.Duration {
	if rank <= 0 || step <= 0 {
		return 0
	}
	delay := step
	for range min(rank, 64) - 1 {
		if delay >= limit {
			break
		}
		delay = min(2*delay, limit) + step
	}
	return min(delay, limit)
}

// Vacancy is a bus that is to be had, as one gateway sees it. The zero Vacancy is none. One goroutine at a time uses it.
type Vacancy struct {
	since, due boottime.Instant
}

// Due returns when the gateway claims the bus if its rank is that now. The vacancy begins when it is first asked. A rank that
// gets worse changes nothing: who joins since then, as a gateway does that is back after it was evicted, keeps
// nobody waiting longer.
func (v *Vacancy) Due(now boottime.Instant, rank int, step, limit time.Duration) boottime.Instant {
	if v.since == 0 {
		v.since, v.due = now, now.Add(limit)
	}
	v.due = min(v.due, v.since.Add(ClaimDelay(rank, step, limit)))
	return v.due
}

package placement

import "time"

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

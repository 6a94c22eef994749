package selftest

import (
	"time"
)

const (
	// beat is how often a meter looks at the clock, and busy for how long this process may be held up on a machine that is
	// fit for judging by the clock: less than a lease's renewal may take, with what else is on its way.
	beat = 20 * time.Millisecond
	busy = 200 * time.Millisecond
)

// meter measures for how long this process was held up at most, by a machine that had other things to do. What is
// called a fleet's being late is then nobody's fault. The function that it returns ends it, and says.
func meter() (stop func() time.Duration) {
	done, worst := make(chan struct{}), make(chan time.Duration)
	go func() { // ends with stop
		timer := time.NewTicker(beat)
		defer timer.Stop()
		longest, last := time.Duration(0), time.Now()
		for {
			select {
			case <-timer.C:
				now := time.Now()
				longest = max(longest, now.Sub(last)-beat)
				last = now
			case <-done:
				worst <- longest
				return
			}
		}
	}()
	return func() time.Duration {
		close(done)
		return <-worst
	}
}

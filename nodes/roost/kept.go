package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// kept is a process that is looked after: its end is told, and if that is asked for, it is
// started again.
type kept struct {
	id      string // for the events
	name    string // "gateway gw-1"
	start   func() (*process, error)
	restart bool
	note    func(id, what string)

	mu   sync.Mutex
	gone bool // it ended, and is not started again
}

// stopPatience is how long a child may take to stop: less than what the parent has.
const stopPatience = 3200 * time.Millisecond

// run runs the process until ctx ends, and then stops it. The error is that it could not be started.
func (k *kept) run(ctx context.Context) error {
	for quick := 0; ; quick++ {
		began := time.Now()
		p, err := k.start()
		if err != nil {
			return fmt.Errorf("start %s: %w", k.name, err)
		}
		k.note(k.id, fmt.Sprintf("%s is process %d", k.name, p.pid()))
		select {
		case <-ctx.Done():
			if !p.stop(stopPatience) {
				k.note(k.id, fmt.Sprintf("%s (process %d) did not stop within %v and was killed", k.name, p.pid(), stopPatience))
			}
			return nil
		case <-p.ended:
		}
		_ = p.input.Close()
		if time.Since(began) > steady {
			quick = 0
		}
		if !k.again(ctx, fmt.Sprintf("%s (process %d) ended: %s", k.name, p.pid(), p.outcome()), quick) {
			return nil
		}
	}
}

// again tells of an end and waits until the process is to be started again; false if it is not.
func (k *kept) again(ctx context.Context, end string, quick int) bool {
	if !k.restart {
		k.note(k.id, end)
		k.mu.Lock()
		k.gone = true
		k.mu.Unlock()
		return false
	}
	delay := restartDelay(quick)
	k.note(k.id, fmt.Sprintf("%s; it is started again in %v", end, delay))
	return pause(ctx, delay)
}

// alive reports whether the process runs, or will again.
func (k *kept) alive() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.gone
}

// steady is how long a process must have run for its end to count as the first.
const steady = time.Minute

// restartDelay is how long a process that ended stays down: longer each time that it soon ends again.
func restartDelay(quick int) time.Duration {
	return min(time.Second<<min(quick, 5), 30*time.Second)
}

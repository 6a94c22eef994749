package failpoint

import (
	"fmt"
	"sync"
	"time"
)

// Clock says how a gateway's wall clock is to go.
type Clock struct {
	// Step is by how much it is ahead of the machine's from now on, whatever it was before.
	Step Duration `json:"step"`
	// Rate is how fast it goes; default 1. It never goes backwards but by a step.
	Rate float64 `json:"rate,omitempty"`
}

// maxRate bounds what is no drift any more.
const maxRate = 1000

func (c Clock) check() error {
	if c.Rate < 0 || c.Rate > maxRate || c.Rate != c.Rate {
		return fmt.Errorf("the clock's rate is %v, and not from 0 to %d", c.Rate, maxRate)
	}
	return nil
}

// Wall is a wall clock that can be set.
type Wall struct {
	mu    sync.Mutex
	began time.Time // of the machine, with its monotonic reading
	from  time.Time // what this clock was then
	rate  float64
}

// NewWall returns a clock that is ahead of the machine's.
func NewWall(step time.Duration) *Wall {
	w := &Wall{}
	w.set(Clock{Step: Duration(step)})
	return w
}

// Set sets it.
func (w *Wall) Set(c Clock) error {
	if err := c.check(); err != nil {
		return err
	}
	w.set(c)
	return nil
}

func (w *Wall) set(c Clock) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = time.Now()
	w.from, w.rate = w.began.Round(0).Add(time.Duration(c.Step)), c.Rate
	if w.rate == 0 {
		w.rate = 1
	}
}

// Now is what it shows. There is no monotonic reading in it, so that nobody measures with it.
func (w *Wall) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.from.Add(time.Duration(w.rate * float64(time.Since(w.began))))
}

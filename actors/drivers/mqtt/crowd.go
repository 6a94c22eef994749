package mqtt

import (
	"sync/atomic"
	"time"
)

const (
	// holdAtOnce is how long devices without room may hold up a connection at once, while one beside them has nothing to do; and one in
	// holdShare is which part of the time, in the long run.
	holdAtOnce = 3 * time.Second
	holdShare  = 10
	// shortestHold is what it is not worth to wait.
	shortestHold = 10 * time.Millisecond
	// holdLook is how often it is looked who has nothing to do.
	holdLook = 50 * time.Millisecond
)

// crowd is what the devices at one connection have in common: what comes for any of them comes behind what has come for the others. It
// is used by the goroutine that reads the connection, but for idle.
//
// A device that sends faster than it is stored is held back by not reading the connection. Where all have something to store that
// harms nobody. Where one of them has nothing, something may be waiting for it, and then the time is counted. When it is used up,
// messages without room are let go.
type crowd struct {
	idle atomic.Int32 // devices that have nothing to store
	due  []*inbox     // that have messages and were not woken

	used time.Duration // of holdAtOnce, at a time
	at   time.Time
}

// add notes that an inbox has messages. Its device is woken when there is nothing more to read, and takes all that came.
func (c *crowd) add(b *inbox) {
	if !b.due {
		b.due = true
		c.due = append(c.due, b)
	}
}

// wake wakes those who have messages.
func (c *crowd) wake() {
	for i, b := range c.due {
		b.due = false
		signal(b.news)
		c.due[i] = nil
	}
	c.due = c.due[:0]
}

// mayHold is for how long the connection may be held up now.
func (c *crowd) mayHold(now time.Time) time.Duration {
	c.used = max(0, c.used-now.Sub(c.at)/holdShare)
	c.at = now
	if c.idle.Load() == 0 {
		return holdAtOnce
	}
	return holdAtOnce - c.used
}

// held notes that it was held up.
func (c *crowd) held(took time.Duration) {
	if c.idle.Load() > 0 {
		c.used += took
	}
}

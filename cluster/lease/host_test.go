package lease_test

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// host is a machine: a clock, a link to the hub, and at most one process at a time, which it can
// stop and continue between any two of its steps.
type host struct {
	w       *world
	plan    hostPlan
	clock   clock
	link    link
	process *process
	past    []string // incarnations of this host's processes: the folder under the lock

	gone    bool // it never starts again
	paused  bool
	since   time.Duration // since when it is paused, dead or cut off
	inbox   []func()      // what came while it was paused
	inOrder time.Duration // when the last delivery of the consumer runs after a pause
}

// clock is a boot clock: it runs at a rate of its own.
type clock struct {
	at    time.Duration // true time
	reads boottime.Instant
	rate  float64
	stood time.Duration // while it stands still, which the real one never does: since when
}

func (c *clock) read(now time.Duration) boottime.Instant {
	if c.stood > 0 {
		now = c.stood
	}
	return c.reads.Add(time.Duration(float64(now-c.at) * c.rate))
}

// set changes the rate.
func (c *clock) set(now time.Duration, rate float64) {
	c.reads, c.at, c.rate = c.read(now), now, rate
}

// link is the way to the hub and back.
type link struct {
	cut        bool
	loss       float64       // of each message
	double     float64       // of each message to the hub
	slow       float64       // of the messages take long
	fast, long time.Duration // at most
}

var cleanLink = link{fast: 25 * time.Millisecond}

func (l link) delay(w *world) time.Duration {
	if w.chance(l.slow) {
		return w.between(l.fast, l.long)
	}
	return w.between(time.Millisecond/2, l.fast)
}

func newHost(w *world, p hostPlan) *host {
	return &host{
		w: w, plan: p, link: p.Link, since: -1,
		clock: clock{reads: boottime.Instant(p.Offset), rate: p.Rate},
	}
}

// clean reports whether nothing is ever done to the host.
func (h *host) clean() bool { return h.plan.Clean }

func (h *host) start() {
	if h.gone || h.process != nil && !h.process.dead {
		return
	}
	h.paused = false
	h.process = newProcess(h)
	h.w.after(0, func() { h.process.run(nil, h.process.tick) })
	h.mark()
}

func (h *host) kill() {
	if h.process != nil {
		h.process.dead = true
	}
	h.inbox = nil
	h.mark()
}

// pause stops the process; asleep stops all of the machine.
func (h *host) pause(asleep bool) {
	h.paused = true
	if asleep && h.w.rules.clockStops && h.clock.stood == 0 {
		h.clock.stood = h.w.now
	}
	h.mark()
}

// resume continues it. What came meanwhile is dealt with in any order, only that the
// deliveries of the consumer keep theirs.
func (h *host) resume() {
	if h.clock.stood > 0 {
		reads := h.clock.read(h.w.now)
		h.clock = clock{at: h.w.now, reads: reads, rate: h.clock.rate}
	}
	h.paused = false
	inbox := h.inbox
	h.inbox, h.inOrder = nil, 0
	for _, f := range inbox {
		f()
	}
	h.mark()
}

func (h *host) cutOff() {
	h.link.cut = true
	h.mark()
}

func (h *host) reconnect() {
	h.link.cut = false
	h.mark()
}

// mark notes since when the host can do nothing at the hub.
func (h *host) mark() {
	away := h.paused || h.link.cut || h.process == nil || h.process.dead
	switch {
	case !away:
		h.since = -1
	case h.since < 0:
		h.since = h.w.now
	}
}

// send carries a message to the hub.
func (h *host) send(f func()) {
	w := h.w
	copies := 1
	if w.chance(h.link.double) {
		copies = 2
	}
	for range copies {
		if h.link.cut || w.chance(h.link.loss) {
			continue
		}
		w.after(h.link.delay(w), func() { h.arrive(f) })
	}
}

func (h *host) arrive(f func()) {
	switch w := h.w; {
	case w.hub.up:
		f()
	case w.chance(0.3):
		// It waits somewhere on the way until the hub is back.
		w.after(200*time.Millisecond, func() { h.arrive(f) })
	}
}

package cluster

import (
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// clockDrift is how far two clocks may part, as a share of the time: what is known of the hub's
// clock grows old by it.
const clockDrift = 500e-6

// HubClock tells the hub's time by the own renewals, which the hub stamped between the moment when
// each was ordered and the one when it came back. No wall clock of this machine takes part:
// a board may have booted in 1970. Its methods may be called concurrently.
type HubClock struct {
	clock boottime.Clock
	boot  string           // of which the clock tells
	wall  func() time.Time // of this machine; nil: time.Now

	mu   sync.Mutex
	best clockSample
}

// clockSample says that the hub's clock read stamp at an instant that is at most bound away.
type clockSample struct {
	stamp time.Time // zero: nothing is known
	at    boottime.Instant
	bound time.Duration
}

// learn takes notice of a stamp that was made between two instants.
func (h *HubClock) learn(stamp time.Time, ordered, received boottime.Instant) {
	if stamp.IsZero() || received.Before(ordered) {
		return
	}
	half := received.Sub(ordered) / 2
	fresh := clockSample{stamp: stamp, at: ordered.Add(half), bound: half}
	h.mu.Lock()
	defer h.mu.Unlock()
	if fresh.bound <= h.best.aged(received) || h.best.stamp.IsZero() || fresh.contradicts(h.best) {
		h.best = fresh
	}
}

// aged is how far off the sample may be at an instant, which may also be an earlier one.
func (s clockSample) aged(at boottime.Instant) time.Duration {
	return s.bound + time.Duration(float64(at.Sub(s.at).Abs())*clockDrift)
}

// contradicts reports whether the hub's clock must have been set between the two.
func (s clockSample) contradicts(earlier clockSample) bool {
	off := s.stamp.Sub(earlier.stamp) - s.at.Sub(earlier.at)
	return off.Abs() > s.bound+earlier.aged(s.at)
}

// Now returns the time of the hub, and how far off it may be; false while nothing is known.
func (h *HubClock) Now() (now time.Time, bound time.Duration, ok bool) {
	return h.at(h.clock.Now())
}

// at is the hub's time at an instant of this boot.
func (h *HubClock) at(i boottime.Instant) (at time.Time, bound time.Duration, ok bool) {
	h.mu.Lock()
	best := h.best
	h.mu.Unlock()
	if best.stamp.IsZero() {
		return time.Time{}, 0, false
	}
	return best.stamp.Add(i.Sub(best.at)), best.aged(i), true
}

// Ahead returns by how much this machine's wall clock is ahead of the hub's; false while nothing is
// known of that.
func (h *HubClock) Ahead() (time.Duration, bool) {
	now, _, ok := h.Now()
	if h.wall == nil {
		return time.Since(now), ok
	}
	return h.wall().Sub(now), ok
}

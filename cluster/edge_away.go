package cluster

import (
	"sync/atomic"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// hearing notes when the hub last answered. Its methods may be called concurrently.
type hearing struct {
	clock boottime.Clock
	begun boottime.Instant
	first time.Duration // how long a hub that never answered is waited for before it counts as away
	lease time.Duration // how long one that did may be silent
	last  atomic.Int64  // instant of its last answer; 0: there was none
}

// heard notes that the hub has answered just now.
func (h *hearing) heard() { h.last.Store(int64(h.clock.Now())) }

// away returns for how long the hub has been silent, and whether it counts as away.
func (h *hearing) away() (time.Duration, bool) {
	last := boottime.Instant(h.last.Load())
	if last == 0 {
		silent := h.clock.Now().Sub(h.begun)
		return silent, silent >= h.first
	}
	silent := h.clock.Now().Sub(last)
	return silent, silent >= h.lease
}

// HubAway returns for how long there has been no word of the hub, and whether it counts as away: it has answered nothing
// for as long as the lease, or has not answered since this gateway started.
func (g *Gateway) HubAway() (since time.Duration, away bool) { return g.hearing.away() }

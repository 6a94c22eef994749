package cluster

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lateAfter is for how long after it was measured a reading counts as live.
const lateAfter = time.Second

// Late reports whether a batch that is sent now is to be marked backfill: it was measured more than a second ago, or
// is [Gateway.Outdated]. It is for [Readings.Late].
func (g *Gateway) Late(b *roostv1.ReadingBatch) bool {
	if b.BootId != "" && b.BootId == g.boot.ID() {
		newest := time.Duration(b.MonotonicUs) * time.Microsecond
		if n := len(b.Readings); n > 0 {
			newest += time.Duration(b.Readings[n-1].AcquiredOffsetUs) * time.Microsecond
		}
		if g.boot.Now()-newest > lateAfter {
			return true
		}
	}
	return g.Outdated(b.DeviceId, b.Epoch)
}

// Outdated reports whether readings of a device under an epoch may come after those of its next owner: a newer
// epoch of its bus was seen to pass, or the lease that the epoch was under has run out, so that there may be one which
// was not seen yet. It may be called by any goroutine, and waits for nothing.
func (g *Gateway) Outdated(device string, epoch uint64) bool {
	bus, newest := g.picture.epochOf(device)
	if newest > epoch {
		return true
	}
	return !g.fence.Open() && !g.picture.attachedTo(bus, g.config.ID, g.config.Labels)
}

// epochOf returns the bus of a device and its newest epoch; zero if they are not known.
func (p *Picture) epochOf(device string) (bus string, epoch uint64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	d := p.devices[device]
	if d == nil || d.bus == nil {
		return "", 0
	}
	return d.bus.id, d.bus.value.Epoch
}

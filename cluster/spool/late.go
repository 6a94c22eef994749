package spool

import (
	"time"

	"github.com/roost-iot/roost/cluster/spans"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lateAfter is for how long after it was measured a reading counts as live.
const lateAfter = time.Second

// draining is the time from when the hub is back until all is sent that was there by then. Meanwhile nothing else may be
// marked backfill but by the backfill lane, which keeps the order of each device.
type draining struct {
	on      bool
	through uint64    // last message that was there when the hub was back
	late    spans.Set // messages behind that, which are late all the same
}

// mark marks a batch of the live lane, before it is given, if it comes late. It may be one that was given before: what is
// in doubt keeps its id.
func (f *forwarder) mark(flight *flight) {
	b := flight.batch
	now := f.s.clock.Now()
	if flight.began == 0 {
		flight.began = now
	}
	if flight.lane.backfill || b.Backfill || f.drain.on && flight.failures == 0 {
		return
	}
	b.Backfill = f.s.late(b) || now.Sub(flight.began) > lateAfter
}

// late reports whether a batch is older than what is live, or of an epoch that is over.
func (s *Spool) late(b *roostv1.ReadingBatch) bool {
	if b == nil {
		return false
	}
	age, known := s.age(b)
	if n := len(b.Readings); n > 0 {
		age -= time.Duration(b.Readings[n-1].AcquiredOffsetUs) * time.Microsecond
	}
	return known && age > lateAfter || s.config.Outdated(b.DeviceId, b.Epoch)
}

// postpone leaves a message that was just stored to the backfill, if it is late while that is drained; false if it is
// to go at once.
func (f *forwarder) postpone(m stored) bool {
	if !f.drain.on || !f.s.late(m.batch) {
		return false
	}
	f.drain.late.AddOne(m.sequence)
	f.back.end = m.sequence
	return true
}

// begin notes that all up to a message is to be drained.
func (d *draining) begin(through uint64) { *d = draining{on: true, through: through} }

// has reports whether a message belongs to what is drained.
func (d *draining) has(sequence uint64) bool { return sequence <= d.through || d.late.Has(sequence) }

// noteDrained ends the draining when all was sent.
func (f *forwarder) noteDrained() {
	if f.back.next > f.back.end && len(f.back.devices) == 0 {
		f.drain = draining{}
	}
}

// overtaken reports whether a batch of a device that comes before a message is still on its way in the live lane.
func (f *forwarder) overtaken(device string, sequence uint64) bool {
	q := f.live.devices[device]
	return q != nil && q.flight != nil && len(q.flight.sequences) > 0 && q.flight.sequences[0] < sequence
}

// noteLag has all count as late that waits after the process stood still: until it runs, it does not know what passed.
func (f *forwarder) noteLag(now time.Time) {
	at := f.s.clock.Now()
	lag := at.Sub(f.stepped)
	if f.up && f.stepped != 0 && lag > lateAfter {
		f.lower(now)
	}
	f.stepped = at
}

package spool

import (
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxJoined and maxJoinedBytes bound what is joined to one batch.
	maxJoined      = 4096
	maxJoinedBytes = 256 << 10
	// maxApart is how far the boot clock and the time of a reading may part by joining.
	maxApart = 10 * time.Millisecond
)

// end is the sequence behind the batch's last reading.
func end(b *roostv1.ReadingBatch) uint64 { return b.FirstSequence + uint64(len(b.Readings)) }

// begin is the first sequence that the batch gives or declares.
func begin(b *roostv1.ReadingBatch) uint64 {
	return b.FirstSequence - min(b.DroppedBefore, b.FirstSequence)
}

// joins reports whether next goes on where b ends, and says the same of its readings. What declares something
// stands at the head of a batch, so nothing can be joined before it.
func joins(b, next *roostv1.ReadingBatch) bool {
	return len(b.Readings) > 0 && len(next.Readings) > 0 &&
		next.Epoch == b.Epoch && next.FirstSequence == end(b) && next.DroppedBefore == 0 && next.MissedPolls == 0 &&
		next.Profile == b.Profile && next.ProfileRevision == b.ProfileRevision && next.Gateway == b.Gateway &&
		next.ClockState == b.ClockState && next.BootId == b.BootId && sameClock(b, next) &&
		len(b.Readings)+len(next.Readings) <= maxJoined
}

// sameClock reports whether the boot clock tells the same of the readings of next after they were joined to b.
func sameClock(b, next *roostv1.ReadingBatch) bool {
	if b.BaseTime == nil || next.BaseTime == nil {
		return b.BaseTime == nil && next.BaseTime == nil
	}
	if b.BootId == "" {
		return true
	}
	apart := later(b, next) - time.Duration(next.MonotonicUs-b.MonotonicUs)*time.Microsecond
	return apart.Abs() <= maxApart
}

// later is how much later the offsets of next count from.
func later(b, next *roostv1.ReadingBatch) time.Duration {
	return next.BaseTime.AsTime().Sub(b.BaseTime.AsTime())
}

// join puts the readings of next behind those of b, with their times. Both batches are changed.
func join(b, next *roostv1.ReadingBatch) {
	if b.BaseTime != nil {
		by := later(b, next).Microseconds()
		for _, r := range next.Readings {
			r.AcquiredOffsetUs += by
			if r.SourceOffsetUs != nil {
				*r.SourceOffsetUs += by
			}
		}
	}
	b.Readings = append(b.Readings, next.Readings...)
	if next.ClockError.AsDuration() > b.ClockError.AsDuration() {
		b.ClockError = next.ClockError
	}
}

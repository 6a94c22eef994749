package actors

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// processClock is the BootClock of a gateway that was given none.
type processClock struct{ began time.Time }

// Now implements [BootClock].
func (c processClock) Now() time.Duration { return time.Since(c.began) }

// ID implements [BootClock].
func (processClock) ID() string { return "" }

// drift is how far two clocks may part, as a share of the time.
const drift = 500e-6

// newBatch makes an empty batch with room for its times, in one allocation.
func newBatch() *roostv1.ReadingBatch {
	b := &struct {
		batch roostv1.ReadingBatch
		base  timestamppb.Timestamp
		bound durationpb.Duration
	}{}
	b.batch.BaseTime, b.batch.ClockError = &b.base, &b.bound
	return &b.batch
}

// date puts a batch on the hub's time, or where that is not known on this machine's wall clock, and says which
// of the two it is. Its readings stay where they are on the boot clock: whatever the other clocks did
// since the first, all of them are on the one that the batch says.
func (e *env) date(b *roostv1.ReadingBatch) {
	now, ahead := e.uptime.now()
	up := now.Sub(e.uptime.began) + ahead
	if len(b.Readings) == 0 {
		b.MonotonicUs = up.Microseconds()
	}
	b.BootId = e.boot.ID()
	age := up - time.Duration(b.MonotonicUs)*time.Microsecond
	if e.hub != nil {
		if hub, bound, known := e.hub.Now(); known {
			bound += time.Duration(float64(age) * drift)
			b.ClockState = roostv1.ClockState_CLOCK_STATE_SYNCED
			b.ClockError.Seconds, b.ClockError.Nanos = int64(bound/time.Second), int32(bound%time.Second)
			b.Rebase(hub.Add(-age))
			return
		}
	}
	b.ClockState, b.ClockError = roostv1.ClockState_CLOCK_STATE_UNSYNCED, nil
	b.Rebase(e.wall().Add(-age))
}

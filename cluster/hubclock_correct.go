package cluster

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Correct puts a batch on the hub's time that was made while that was not known, in this boot of this
// machine, and reports whether it did: base_time, clock_state and clock_error are changed in place. All others are left
// as they are: what an earlier boot's clock was to the hub's, nobody knows any more.
//
// What devices said of their own clocks stays. It corrects alike, within clock_error, however often it is
// asked.
func (h *HubClock) Correct(b *roostv1.ReadingBatch) bool {
	if b.GetClockState() != roostv1.ClockState_CLOCK_STATE_UNSYNCED || b.BootId == "" || b.BootId != h.boot {
		return false
	}
	made := boottime.Instant(time.Duration(b.MonotonicUs) * time.Microsecond)
	if made <= 0 || h.clock.Now().Before(made) {
		return false // no clock of this boot told that
	}
	at, bound, known := h.at(made)
	if !known {
		return false
	}
	b.Rebase(at)
	b.ClockState, b.ClockError = roostv1.ClockState_CLOCK_STATE_SYNCED, durationpb.New(bound)
	return true
}

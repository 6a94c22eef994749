package run

import (
	"context"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Emptied asks a gateway until nothing waits in its spool.
func Emptied(ctx context.Context, ask func(context.Context) (*roostv1.GatewayStatus, error)) (waiting uint64, known bool) {
	return emptied(ctx, ask)
}

// RunRecord says what a plan is to try.
func RunRecord(p *plan.Plan, skipped []Skipped) (*history.Run, error) { return runRecord(p, skipped) }

// ComplaintsIn are lines in a log that no process should write.
func ComplaintsIn(path string) ([]string, error) { return complaintsIn(path) }

// Hospital knows what is under a fault.
type Hospital struct{ hospital }

// NewHospital returns one in which nobody is.
func NewHospital() *Hospital { return &Hospital{hospital{busy: map[string]bool{}}} }

// Take, Give and Free are those of the faults.
func (h *Hospital) Take(targets ...string) bool  { return h.take(targets) }
func (h *Hospital) Give(targets ...string)       { h.give(targets) }
func (h *Hospital) Free(w plan.World) plan.World { return h.free(w) }

// Alarm tells of violations while a run goes on: what Take is given, and what the log says that Follow reads.
type Alarm struct{ *alarm }

// NewAlarm returns an alarm for the devices of a plan.
func NewAlarm(p *plan.Plan, tell func(check.Violation)) Alarm { return Alarm{newAlarm(p, tell)} }

// Take takes in what a recorder has written down.
func (a Alarm) Take(r history.Record) { a.take(r) }

// Follow reads the hardware's log until ctx ends.
func (a Alarm) Follow(ctx context.Context, path string) error { return a.follow(ctx, path) }

// Violations is how many were told.
func (a Alarm) Violations() int { return a.violations() }

// RateOf returns how many a second have come of late, when these were counted a second apart.
func RateOf(counts ...int) float64 {
	r, now, last := &rate{}, time.Now(), 0.0
	for i, n := range counts {
		last = r.of(n, now.Add(time.Duration(i)*time.Second))
	}
	return last
}

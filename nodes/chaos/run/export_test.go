package run

import (
	"context"

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

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

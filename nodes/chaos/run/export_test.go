package run

import (
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Translate has the records of the hardware name gateways as the hub does.
func Translate(h *history.History) { translate(h) }

// RunRecord says what a plan is to try.
func RunRecord(p *plan.Plan, skipped []Skipped) (*history.Run, error) { return runRecord(p, skipped) }

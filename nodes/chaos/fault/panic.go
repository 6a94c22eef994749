package fault

import (
	"cmp"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func panicKind() Kind {
	return Kind{plan.Panic, "the actor of a device, or its driver, panics again and again", history.FaultPanic, failpointsMissing, newPanic}
}

func newPanic(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	return &failing{fleet: f, devices: targets, code: roostv1.ErrPanic, arm: failpoint.Arm{
		ID: e.ID, Point: cmp.Or(e.Params.Point, failpoint.ActorBeforeHandle), Do: failpoint.Panic,
		After: e.Params.Hit, Times: e.Params.Times,
	}}
}

package fault

import (
	"cmp"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func hangKind() Kind {
	return Kind{plan.Hang, "the driver does not return when it is used for a device", history.FaultHang, failpointsMissing, newHang}
}

func newHang(f *fleet.Fleet, e plan.Entry, targets []string) Fault {
	return &failing{fleet: f, devices: targets, code: roostv1.ErrHung, arm: failpoint.Arm{
		ID: e.ID, Point: cmp.Or(e.Params.Point, failpoint.DriverCall), Do: failpoint.Hang,
		After: e.Params.Hit, Times: e.Params.Times,
	}}
}

package run

import (
	"slices"

	"github.com/roost-iot/roost/cluster/clustertest/disk"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// Missing is why a scenario cannot be run here; empty: it can.
func Missing(s plan.Scenario) string {
	if s.Missing != "" {
		return s.Missing
	}
	for _, name := range s.Faults {
		if kind, err := fault.Find(name); err == nil {
			if reason := kind.Missing(); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// draws reports whether a plan has one of these faults.
func draws(p *plan.Plan, faults ...string) bool {
	return slices.ContainsFunc(p.Entries, func(e plan.Entry) bool { return slices.Contains(faults, e.Fault) })
}

// ownDisks reports whether gateways are to have disks of their own: those that only have to be full can do without, where
// there are none.
func ownDisks(p *plan.Plan) bool {
	return draws(p, plan.PowerCut, plan.DiskDead) || draws(p, plan.DiskFull) && disk.Missing() == ""
}

// claims is what a manifest calls that which a fleet takes of the machine.
const claims = "machine"

// claim writes down what of this machine is about to be taken.
func (r *running) claim(c []fleet.Claim) error {
	return r.manifest.Will(fault.Undo{ID: claims, What: claims, Claims: c})
}

package plan

import "github.com/roost-iot/roost/nodes/chaos/failpoint"

// commandPoints are the points on the way of a command, in their order.
var commandPoints = []string{
	failpoint.CommandDequeued, failpoint.CommandBeforeIntent, failpoint.CommandAfterIntent, failpoint.CheckAndDrive,
	failpoint.DriverWrite, failpoint.CommandAfterWrite, failpoint.CommandBeforeResult, failpoint.CommandAfterResult,
}

// failpointKill kills at one point after the other, in an order that the seed draws.
func failpointKill() Scenario {
	return Scenario{
		Name: "failpoint-kill", About: "gateways are killed at each point of a command's way", Missing: failpoint.Missing,
		draw: func(d *draft) {
			order := d.Perm(len(commandPoints))
			d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
				return Entry{
					Fault: Kill, Target: TargetAny, Hold: d.hold(d.leases(1.6), d.leases(2.2)),
					On: &Trigger{Failpoint: commandPoints[order[i%len(order)]], Hit: 1 + d.Uint64N(5)},
				}
			})
		},
	}
}

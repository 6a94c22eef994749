package plan

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// zombieWrite stops an owner at the worst of all moments: it has looked at its lease for the last time, and sent nothing.
// When it goes on, another owns the device.
func zombieWrite() Scenario {
	return Scenario{
		Name: "zombie-write", About: "owners stand still between their last look at the lease and the write", Missing: failpoint.Missing,
		adjust: func(s *Settings) {
			s.Mode = ModeFenced
			s.Idle = Duration(time.Minute) // or the connection is gone before the write
		},
		draw: func(d *draft) {
			d.row(d.leases(1.5), d.leases(2.5), func(int) Entry {
				return Entry{
					Fault: Pause, Target: TargetAny, Hold: d.hold(d.leases(2.1), d.leases(3)),
					On: &Trigger{Failpoint: failpoint.DriverWrite, Hit: 1 + d.Uint64N(5)},
				}
			})
		},
	}
}

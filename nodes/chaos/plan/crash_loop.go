package plan

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

// crashLoop reads often and long, so that it shows whether others are read as before; and one device fails at a time, so
// that it shows whose fault it is.
func crashLoop() Scenario {
	return Scenario{
		Name: "crash-loop", About: "a device's actor panics again and again, or its driver hangs", Missing: failpoint.Missing,
		adjust: func(s *Settings) {
			s.Devices, s.Period, s.Quiet = 20, Duration(100*time.Millisecond), Duration(8*time.Second)
		},
		draw: func(d *draft) {
			d.row(d.leases(2.5), d.leases(3), func(i int) Entry {
				e := Entry{Fault: Panic, Target: d.device(), Hold: d.hold(8*time.Second, 10*time.Second)}
				if i%3 == 1 {
					e.Fault = Hang
				} else if d.IntN(2) == 0 {
					e.Params.Point = failpoint.DriverCall
				}
				return e
			})
		},
	}
}

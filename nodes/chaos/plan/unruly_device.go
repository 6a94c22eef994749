package plan

import "time"

func unrulyDevice() Scenario {
	return Scenario{Name: "unruly-device", About: "devices crash, babble, flood, and are switched off and on", draw: unruly}
}

// unruly has devices do what makes drivers fail, in rows beside each other.
func unruly(d *draft) {
	ways := []func() Params{
		func() Params { return Params{Crash: 0.02 + 0.3*d.Float64()} },
		func() Params { return Params{Babble: 0.1 + 0.9*d.Float64()} },
		func() Params { return Params{Flood: 10 + d.IntN(500)} },
		func() Params { return Params{Off: true} },
	}
	for range 1 + d.Devices/10 {
		d.row(300*time.Millisecond, d.leases(1), func(int) Entry {
			return Entry{Fault: Behave, Target: d.device(), Hold: d.hold(time.Second, d.leases(3)), Params: pick(d.Rand, ways)()}
		})
	}
}

package plan

import (
	"time"

	"github.com/roost-iot/roost/nodes/chaos/failpoint"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
	// toTheBeginning is how far back a machine starts whose clock has lost its battery: in the first years after 1970.
	toTheBeginning = -56 * year
)

func clockJump() Scenario {
	return Scenario{
		Name: "clock-jump", About: "wall clocks of gateways are set, drift, and start in 1970", Missing: failpoint.Missing,
		draw: func(d *draft) {
			d.row(d.leases(0.5), d.leases(1.5), func(i int) Entry {
				e := Entry{Fault: Clock, Target: d.gateway(), Hold: d.hold(d.leases(1), d.leases(2.5))}
				e.Params = d.clock(i)
				return e
			})
		},
	}
}

// clock draws what becomes of a clock: every fourth time it starts in 1970, else it is set, and may drift.
func (d *draft) clock(i int) Params {
	if i%4 == 3 {
		return Params{Step: Duration(toTheBeginning), Boot: true}
	}
	p := Params{Step: Duration(pick(d.Rand, []time.Duration{
		2 * time.Minute, time.Hour, day, year, 20 * year, -2 * time.Minute, -time.Hour, -day, -year, -20 * year,
	}))}
	if d.IntN(2) == 0 {
		p.Pace = pick(d.Rand, []float64{0.5, 0.99, 1.01, 2, 10})
	}
	return p
}

package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// maker draws one fault.
type maker func(*draft) Entry

// gatewayFaults, hubFaults and deviceFaults are those of which Mix makes rows, by their names.
var (
	gatewayFaults = map[string]maker{
		Kill:        lasting(Kill, 1.6, 2.5),
		Stop:        lasting(Stop, 0.5, 2),
		Pause:       lasting(Pause, 1.8, 3),
		Stall:       lasting(Stall, 1.8, 3),
		Blackhole:   lasting(Blackhole, 1.8, 3),
		"partition": func(d *draft) Entry { return lasting(pick(d.Rand, []string{Stall, Blackhole}), 1.8, 3)(d) },
		Refuse:      lasting(Refuse, 0.3, 2),
		DeviceCut:   lasting(DeviceCut, 0.5, 2),
		"half-open": func(d *draft) Entry {
			e := lasting(Stall, 1.8, 3)(d)
			e.Params = Params{Direction: pick(d.Rand, []string{"up", "down"})}
			return e
		},
		AckLost: func(d *draft) Entry {
			e := lasting(AckLost, 0.3, 1.5)(d)
			e.Params = Params{Verb: "PUB", Count: 1 + d.Int64N(20)}
			return e
		},
		Cut: func(d *draft) Entry {
			e := lasting(Cut, 0.1, 0.5)(d)
			e.Params = Params{Count: 1 + d.Int64N(2000)}
			return e
		},
		Delay: func(d *draft) Entry {
			e := lasting(Delay, 0.5, 3)(d)
			e.Params = Params{Delay: d.hold(5*time.Millisecond, 100*time.Millisecond), Jitter: d.hold(0, 50*time.Millisecond)}
			return e
		},
	}
	hubFaults = map[string]maker{
		HubKill: func(d *draft) Entry {
			return Entry{Fault: HubKill, Target: TargetAnyHub, Hold: d.hold(d.leases(0.5), d.leases(2))}
		},
		HubPause: func(d *draft) Entry {
			return Entry{Fault: HubPause, Target: TargetAnyHub, Hold: d.hold(d.leases(0.5), d.leases(2))}
		},
	}
	deviceFaults = map[string]maker{
		Behave: func(d *draft) Entry {
			return Entry{Fault: Behave, Target: d.device(), Hold: d.hold(time.Second, d.leases(3)), Params: d.misbehaviour()}
		},
	}
)

// lasting draws a fault of a gateway that lasts so many leases.
func lasting(fault string, least, most float64) maker {
	return func(d *draft) Entry {
		return Entry{Fault: fault, Target: d.gateway(), Hold: d.hold(d.leases(least), d.leases(most))}
	}
}

// Mix returns a scenario that is made of faults by their names: a row of those of gateways, and beside it one of those of
// hubs, and one of those of devices. In each row they come in an order that the seed draws, and each is there as
// often as the others. The name of another scenario stands for all that it does.
func Mix(names ...string) (Scenario, error) {
	mix := Scenario{Name: strings.Join(names, "+"), About: "faults by their names"}
	rows := [][]maker{nil, nil, nil}
	var others []Scenario
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return Scenario{}, fmt.Errorf("%w: faults has %s twice", ErrUnfit, name)
		}
		row, make := makerOf(name)
		if make != nil {
			rows[row] = append(rows[row], make)
			continue
		}
		other, err := Find(name)
		if err != nil || name == "baseline" {
			return Scenario{}, fmt.Errorf("%w: there is no fault %q: there are %s, and the scenarios", ErrUnknown, name, strings.Join(faultNames(), ", "))
		}
		if other.Missing != "" {
			return Scenario{}, fmt.Errorf("%w: %s: %s", ErrUnavailable, name, other.Missing)
		}
		others = append(others, other)
	}
	mix.adjust = func(s *Settings) {
		for _, other := range others {
			*s = other.Adjust(*s)
		}
	}
	mix.draw = func(d *draft) {
		for _, row := range rows {
			d.turns(row)
		}
		for _, other := range others {
			other.draw(d)
		}
	}
	return mix, nil
}

// turns draws a row in which each has its turn, in another order each round.
func (d *draft) turns(makers []maker) {
	if len(makers) == 0 {
		return
	}
	var order []int
	d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
		if i%len(makers) == 0 {
			order = d.Perm(len(makers))
		}
		return makers[order[i%len(makers)]](d)
	})
}

// makerOf returns what draws a fault, and the number of its row; nil: it has no name of its own.
func makerOf(name string) (row int, make maker) {
	for row, makers := range []map[string]maker{gatewayFaults, hubFaults, deviceFaults} {
		if make, ok := makers[name]; ok {
			return row, make
		}
	}
	return 0, nil
}

func faultNames() []string {
	var names []string
	for _, makers := range []map[string]maker{gatewayFaults, hubFaults, deviceFaults} {
		names = append(names, slices.Sorted(maps.Keys(makers))...)
	}
	return names
}

package plan

import "time"

// forgetful is how young what a hub knows of stored readings is after an outage. By itself it would remember half a minute:
// then an outage had to last that long to test anything.
const forgetful = 100 * time.Millisecond

// longOutage has gateways without a hub for longer than it remembers what it has stored, and for longer than some commands
// have and shorter than others have. By turns the hub is away from all, and one gateway's way to it, so that others
// take its devices over meanwhile.
func longOutage() Scenario {
	return Scenario{
		Name: "long-outage", About: "the hub, or the way to it, is away for longer than it remembers what it has stored",
		adjust: func(s *Settings) { s.Attached = min(6, s.Devices) },
		draw:   drawOutages,
	}
}

func drawOutages(d *draft) {
	targets := []string{TargetAll + "," + TargetHubs, TargetAny}
	first := d.IntN(len(targets))
	d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
		return Entry{
			Fault: Outage, Target: targets[(first+i)%len(targets)], Hold: d.hold(d.leases(3.5), d.leases(5.5)),
			Params: Params{Verb: "PUB", Count: 1 + d.Int64N(8), Restart: d.IntN(2) + (first+i+1)%len(targets), Forget: Duration(forgetful)},
		}
	})
}

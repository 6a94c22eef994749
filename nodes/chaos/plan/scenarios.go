package plan

import "time"

// Scenarios are all that have a name, in the order in which they are told.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "baseline", About: "nothing is broken: what the fleet does when left alone"},
		{Name: "kill", About: "gateways are killed, and started again", draw: one(Kill, (*draft).gateway, 1.6, 2.5)},
		{Name: "kill-owner", About: "the gateway that serves a given device is killed", draw: one(Kill, (*draft).owner, 1.6, 2.5)},
		{Name: "kill-all", About: "all gateways are killed at once", draw: one(Kill, always(TargetAll), 0.2, 1.5)},
		{Name: "stop", About: "gateways are asked to end, and started again", draw: one(Stop, (*draft).gateway, 0.5, 2)},
		{Name: "pause", About: "owners stand still for longer than their lease, and go on", draw: one(Pause, (*draft).owner, 1.8, 3)},
		{Name: "partition", About: "owners are cut off from the hub, and not told", draw: partition},
		{Name: "half-open", About: "one direction between owner and hub stands still", draw: halfOpen},
		{Name: "ack-lost", About: "what owners write is stored, and they never hear so", draw: ackLost},
		{Name: "flap", About: "the way to the hub comes and goes", draw: flap},
		{Name: "hub-kill", About: "the hub is killed, and started again", draw: one(HubKill, always(TargetAnyHub), 0.5, 2)},
		{Name: "hub-leader", About: "of three hubs, the one that leads is killed", adjust: three, draw: one(HubKill, always(TargetLeader), 1.5, 3)},
		{Name: "hub-all", About: "all three hubs are killed at once", adjust: three, draw: one(HubKill, always(TargetHubs), 0.5, 2)},
		together(),
		longOutage(),
		{Name: "herd", About: "the hub restarts under many gateways and devices", adjust: many, draw: one(HubKill, always(TargetHubs), 0.5, 1.5)},
		{Name: "slow-device", About: "devices are slow, decline, and do not answer", draw: slowDevice},
		unrulyDevice(),
		upgrade(),
		cloneID(),
		powerCut(),
		diskFull(),
		diskDead(),
		clockJump(),
		crashLoop(),
		failpointKill(),
		zombieWrite(),
		{Name: "mayhem", About: "several of these at once, drawn by the seed", draw: mayhem},
	}
}

func three(s *Settings) { s.Hubs = 3 }

func many(s *Settings) { s.Gateways, s.Devices, s.Rate = 5, 100, 20 }

func always(target string) func(*draft) string { return func(*draft) string { return target } }

// one draws a row of the same fault, which lasts so many leases.
func one(fault string, target func(*draft) string, least, most float64) func(*draft) {
	return func(d *draft) {
		d.row(d.leases(1.5), d.leases(2.5), func(int) Entry {
			return Entry{Fault: fault, Target: target(d), Hold: d.hold(d.leases(least), d.leases(most))}
		})
	}
}

// partition stalls both directions, or loses what is sent, which resets the connection in the end.
func partition(d *draft) {
	if d.Net == NetNamespaces {
		d.routes("")
		return
	}
	d.row(d.leases(1.5), d.leases(2.5), func(int) Entry {
		return Entry{Fault: pick(d.Rand, []string{Stall, Stall, Blackhole}), Target: d.owner(), Hold: d.hold(d.leases(1.8), d.leases(3))}
	})
}

// halfOpen stalls the directions by turns, beginning with either.
func halfOpen(d *draft) {
	ways := []string{"up", "down"}
	if d.Net == NetNamespaces {
		d.routes(ways...)
		return
	}
	first := d.IntN(len(ways))
	d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
		return Entry{
			Fault: Stall, Target: d.owner(), Hold: d.hold(d.leases(1.8), d.leases(3)),
			Params: Params{Direction: ways[(first+i)%len(ways)]},
		}
	})
}

// ackLost loses answers of the hub for less than a lease, so that the owner stays what it is, or for more.
func ackLost(d *draft) {
	d.row(d.leases(0.75), d.leases(1.5), func(int) Entry {
		return Entry{
			Fault: AckLost, Target: d.owner(), Hold: d.hold(d.leases(0.3), d.leases(1.5)),
			Params: Params{Verb: "PUB", Count: 1 + d.Int64N(20)},
		}
	})
}

func flap(d *draft) {
	d.row(100*time.Millisecond, d.leases(0.6), func(int) Entry {
		return Entry{Fault: pick(d.Rand, []string{Refuse, Stall, Cut}), Target: d.gateway(), Hold: d.hold(50*time.Millisecond, d.leases(0.5)), Params: Params{Count: 1 + d.Int64N(2000)}}
	})
}

// misbehaviour draws one way in which a device misbehaves.
func (d *draft) misbehaviour() Params {
	switch d.IntN(4) {
	case 0:
		return Params{Before: d.hold(50*time.Millisecond, time.Second)}
	case 1:
		return Params{After: d.hold(50*time.Millisecond, 2*time.Second)}
	case 2:
		return Params{Decline: 0.1 + 0.8*d.Float64()}
	}
	return Params{LoseAck: 0.1 + 0.9*d.Float64()}
}

func slowDevice(d *draft) {
	for range 1 + d.Devices/10 {
		d.row(300*time.Millisecond, d.leases(1), func(int) Entry {
			return Entry{Fault: Behave, Target: d.device(), Hold: d.hold(time.Second, d.leases(3)), Params: d.misbehaviour()}
		})
	}
}

// mayhem draws which faults there are at all, and then rows of them beside each other: one of gateways, and by
// chance one of the hub and one of devices.
func mayhem(d *draft) {
	kinds := []func() Entry{
		func() Entry {
			return Entry{Fault: Kill, Target: d.gateway(), Hold: d.hold(d.leases(0.3), d.leases(2.5))}
		},
		func() Entry {
			return Entry{Fault: Pause, Target: d.gateway(), Hold: d.hold(d.leases(0.3), d.leases(3))}
		},
		func() Entry {
			return Entry{Fault: Stall, Target: d.gateway(), Hold: d.hold(d.leases(0.3), d.leases(3)), Params: Params{Direction: pick(d.Rand, []string{"", "up", "down"})}}
		},
		func() Entry {
			return Entry{Fault: Blackhole, Target: d.gateway(), Hold: d.hold(d.leases(0.3), d.leases(3))}
		},
		func() Entry {
			return Entry{Fault: AckLost, Target: d.gateway(), Hold: d.hold(d.leases(0.3), d.leases(1.5)), Params: Params{Verb: "PUB", Count: 1 + d.Int64N(20)}}
		},
		func() Entry {
			return Entry{Fault: Delay, Target: d.gateway(), Hold: d.hold(d.leases(0.5), d.leases(3)), Params: Params{Delay: d.hold(5*time.Millisecond, 100*time.Millisecond), Jitter: d.hold(0, 50*time.Millisecond)}}
		},
		func() Entry { return Entry{Fault: Stop, Target: d.gateway(), Hold: d.hold(0, d.leases(1))} },
		func() Entry { return Entry{Fault: Refuse, Target: d.gateway(), Hold: d.hold(0, d.leases(1.5))} },
		func() Entry {
			return Entry{Fault: Cut, Target: d.gateway(), Hold: d.hold(0, d.leases(0.5)), Params: Params{Count: 1 + d.Int64N(2000)}}
		},
	}
	d.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	kinds = kinds[:2+d.IntN(len(kinds)-1)]
	pace := d.leases(0.5 + 1.5*d.Float64())
	for range 1 + d.IntN(2) {
		d.row(pace/2, 2*pace, func(int) Entry { return pick(d.Rand, kinds)() })
	}
	if d.IntN(2) == 0 {
		d.row(d.leases(3), d.leases(6), func(int) Entry {
			return Entry{Fault: pick(d.Rand, []string{HubKill, HubPause}), Target: TargetAnyHub, Hold: d.hold(d.leases(0.2), d.leases(1.5))}
		})
	}
	if d.IntN(2) == 0 {
		d.row(300*time.Millisecond, d.leases(2), func(int) Entry {
			return Entry{Fault: Behave, Target: d.device(), Hold: d.hold(time.Second, d.leases(3)), Params: d.misbehaviour()}
		})
	}
}

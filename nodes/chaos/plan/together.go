package plan

// together kills the gateway that serves a device and the hub that leads at the same moment: nobody can take over
// before the hubs that are left have elected another leader, which takes them up to nine seconds. They stay away for longer
// than that, so that it is seen who takes over.
func together() Scenario {
	return Scenario{
		Name: "kill-gateway-and-leader", About: "of three hubs, the one that leads is killed together with an owner", adjust: three,
		draw: one(Together, func(d *draft) string { return d.owner() + "," + TargetLeader }, 5, 6),
	}
}

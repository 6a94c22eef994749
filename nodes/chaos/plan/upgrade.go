package plan

import "time"

// upgrade replaces gateways one by one, and then hubs if there are three, round after round.
func upgrade() Scenario {
	return Scenario{
		Name: "upgrade", About: "gateways, and then hubs if there are three, are replaced one by one by --upgrade-to",
		draw: drawUpgrades,
	}
}

func drawUpgrades(d *draft) {
	var names []string
	for _, i := range d.Perm(d.Gateways) {
		names = append(names, d.Gateway(i+1))
	}
	if d.Hubs > 1 {
		for _, i := range d.Perm(d.Hubs) {
			names = append(names, d.Hub(i+1))
		}
	}
	d.row(d.leases(1), d.leases(2), func(i int) Entry {
		kind, n := Upgrade, i%len(names)
		if n >= d.Gateways {
			kind = HubUpgrade
		}
		return Entry{
			Fault: kind, Target: names[n], Hold: d.hold(0, 500*time.Millisecond), Params: Params{Program: d.UpgradeTo},
		}
	})
}

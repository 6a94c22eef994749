package plan

// Disks that fail.
const (
	DiskFull = "disk-full" // a gateway's disk has no room; heals when it has
	DiskDead = "disk-dead" // a gateway's disk does not read or write; heals by a new start on one that does
)

func diskFull() Scenario {
	return Scenario{
		Name: "disk-full", About: "the disks of gateways have no room, also while the hub is away",
		Faults: []string{DiskFull}, draw: failingDisks(DiskFull),
	}
}

func diskDead() Scenario {
	return Scenario{
		Name: "disk-dead", About: "the disks of gateways fail while they run, also while the hub is away",
		Faults: []string{DiskDead}, draw: failingDisks(DiskDead),
	}
}

// failingDisks has disks of owners fail one after the other, and kills the hub meanwhile every other time: then nobody takes
// what is measured.
func failingDisks(fault string) func(*draft) {
	return func(d *draft) {
		d.row(d.leases(1), d.leases(2), func(int) Entry {
			return Entry{Fault: fault, Target: d.owner(), Hold: d.hold(d.leases(1.5), d.leases(3))}
		})
		first := d.IntN(2)
		for i, e := range d.entries {
			if (first+i)%2 == 0 {
				d.during(e, Entry{Fault: HubKill, Target: TargetAnyHub, Hold: d.hold(d.leases(0.3), d.leases(1.5))})
			}
		}
	}
}

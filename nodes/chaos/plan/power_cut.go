package plan

import "time"

// Power cuts.
const (
	PowerCut    = "power-cut"     // of gateways: what was not synced is lost; heals by a new start
	HubPowerCut = "hub-power-cut" // of hubs
)

func powerCut() Scenario {
	return Scenario{
		Name: "power-cut", About: "gateways and the hub lose their power, and what they had not synced",
		Faults: []string{PowerCut, HubPowerCut}, draw: drawPowerCuts,
	}
}

// drawPowerCuts cuts the power of gateways and of the hub by turns, beginning with either; and while the hub is without, every
// other time that of a gateway too, which then has readings that nobody else has.
func drawPowerCuts(d *draft) {
	first := d.IntN(2)
	d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
		if (first+i)%2 == 0 {
			return Entry{Fault: PowerCut, Target: d.gateway(), Hold: d.hold(d.leases(0.3), d.leases(2.5))}
		}
		return Entry{Fault: HubPowerCut, Target: TargetAnyHub, Hold: d.hold(d.leases(0.5), d.leases(2))}
	})
	both := d.IntN(2)
	for i, e := range d.entries {
		if e.Fault == HubPowerCut && (i/2+both)%2 == 0 {
			d.during(e, Entry{Fault: PowerCut, Target: TargetAny, Hold: d.hold(d.leases(0.2), d.leases(1))})
		}
	}
}

// during adds an entry that begins while another one lasts, and ends with the faults at the latest.
func (d *draft) during(other, e Entry) {
	e.At = other.At + d.hold(min(300*time.Millisecond, other.Hold.Std()/2), other.Hold.Std()/2)
	e.Hold = min(e.Hold, max(0, d.Duration-e.At))
	d.entries = append(d.entries, e)
}

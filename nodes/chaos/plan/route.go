package plan

// Route is a way to the hub that leads nowhere, in one direction or both: nobody is told, and it comes back whole.
const Route = "route"

// routes cuts the ways of owners to the hub, in these directions by turns, beginning with any.
func (d *draft) routes(directions ...string) {
	first := d.IntN(len(directions))
	d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
		return Entry{
			Fault: Route, Target: d.owner(), Hold: d.hold(d.leases(1.8), d.leases(3)),
			Params: Params{Direction: directions[(first+i)%len(directions)]},
		}
	})
}

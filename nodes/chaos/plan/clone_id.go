package plan

// What a clone has of the data of the gateway whose id it has, and what that one does when it is started.
const (
	CopyFolder = "folder" // all of it, as on a copied card
	CopyEmpty  = "empty"  // nothing
	WhileRuns  = "runs"
	WhileStill = "paused" // so that the clone can take its place, until it goes on
)

// cloneID starts gateways with the ids of others, in each of the ways there are, one after the other.
func cloneID() Scenario {
	return Scenario{Name: "clone-id", About: "a second gateway has the id of a first, with its data or without", draw: drawClones}
}

func drawClones(d *draft) {
	var ways []Params
	for _, while := range []string{WhileRuns, WhileStill} {
		for _, data := range []string{CopyFolder, CopyEmpty} {
			ways = append(ways, Params{Copy: data, While: while})
		}
	}
	d.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
	d.row(d.leases(1.5), d.leases(2.5), func(i int) Entry {
		return Entry{Fault: Clone, Target: d.owner(), Hold: d.hold(d.leases(0.5), d.leases(1)), Params: ways[i%len(ways)]}
	})
}

package placement_test

import (
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/placement"
)

// Who should own a line that only the gateways of the plant can reach, and who claims it if the first of
// them does not.
func Example() {
	gateways := []placement.Gateway{
		{ID: "gw-1", Labels: map[string]string{"site": "plant"}},
		{ID: "gw-2", Labels: map[string]string{"site": "plant"}},
		{ID: "gw-3", Labels: map[string]string{"site": "plant"}, Weight: 2},
		{ID: "gw-4", Labels: map[string]string{"site": "office"}},
	}
	plant := placement.DemandOf(having("site", "plant"))
	field := placement.NewField(gateways).Eligible(plant)
	for rank, id := range field.Ranking("line-7") {
		wait := placement.ClaimDelay(rank, 250*time.Millisecond, 2*time.Second)
		fmt.Printf("%s, with %.0f%% of all lines, claims after %v\n", id, 100*field.Share(id), wait)
	}
	// Output:
	// gw-2, with 25% of all lines, claims after 0s
	// gw-3, with 50% of all lines, claims after 250ms
	// gw-1, with 25% of all lines, claims after 750ms
}

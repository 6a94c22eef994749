package placement_test

import (
	"fmt"
	"testing"

	"github.com/roost-iot/roost/cluster/placement"
)

// The time to place every bus of a large fleet anew, as each gateway does when one joins or leaves.
func BenchmarkPlace(b *testing.B) {
	const buses = 100_000
	ids := busIDs(buses)
	for _, weights := range []string{"even", "uneven"} {
		b.Run(fmt.Sprintf("buses=%d/gateways=10/%s", buses, weights), func(b *testing.B) {
			b.ReportAllocs()
			gateways := gatewaysOf(10)
			if weights == "uneven" {
				for i := range gateways {
					gateways[i].Weight = uint32(i%3 + 1)
				}
			}
			for b.Loop() {
				field := placement.NewField(gateways)
				for _, id := range ids {
					field.First(id)
				}
			}
		})
	}
}

func BenchmarkRank(b *testing.B) {
	field := placement.NewField(gatewaysOf(10))
	b.ReportAllocs()
	for b.Loop() {
		field.Rank("line-1", "gw-7")
	}
}

func busIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("bus-%06d", i)
	}
	return ids
}

func gatewaysOf(n int) []placement.Gateway {
	gateways := make([]placement.Gateway, n)
	for i := range gateways {
		gateways[i] = placement.Gateway{ID: fmt.Sprintf("gw-%d", i+1)}
	}
	return gateways
}

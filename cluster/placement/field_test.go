package placement_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/placement"
)

func drawGateways(t *rapid.T, least int) []placement.Gateway {
	id := rapid.StringMatching(`[A-Za-z0-9_-]{1,8}`)
	return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) placement.Gateway {
		return placement.Gateway{
			ID:     id.Draw(t, "id"),
			Weight: rapid.OneOf(rapid.Just(uint32(1)), rapid.Uint32Range(0, 9), rapid.Uint32()).Draw(t, "weight"),
		}
	}), least, 8, func(g placement.Gateway) string { return g.ID }).Draw(t, "gateways")
}

// The rankings of a few buses must never change: gateways of different versions have to agree.
func TestRankingIsForEver(t *testing.T) {
	even := placement.NewField(gatewaysOf(5))
	uneven := gatewaysOf(5)
	for i := range uneven {
		uneven[i].Weight = uint32(1 + i*i)
	}
	for bus, want := range map[string][2]string{
		"":                      {"gw-2 gw-3 gw-4 gw-5 gw-1", "gw-5 gw-4 gw-3 gw-2 gw-1"},
		"line-1":                {"gw-5 gw-1 gw-3 gw-4 gw-2", "gw-5 gw-4 gw-3 gw-1 gw-2"},
		"line-2":                {"gw-4 gw-3 gw-5 gw-2 gw-1", "gw-4 gw-5 gw-3 gw-2 gw-1"},
		"roof":                  {"gw-5 gw-4 gw-1 gw-3 gw-2", "gw-5 gw-4 gw-1 gw-3 gw-2"},
		strings.Repeat("x", 64): {"gw-3 gw-2 gw-5 gw-4 gw-1", "gw-3 gw-2 gw-5 gw-4 gw-1"},
	} {
		got := [2]string{}
		for i, f := range []placement.Field{even, placement.NewField(uneven)} {
			got[i] = strings.Join(f.Ranking(bus), " ")
		}
		if got != want {
			t.Errorf("%q: {%q, %q}, want %q", bus, got[0], got[1], want)
		}
	}
}

// First, Rank and Ranking agree, and the order in which the gateways are given does not matter.
func TestRanking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gateways := drawGateways(t, 0)
		bus := rapid.String().Draw(t, "bus")
		f := placement.NewField(gateways)
		ranking := f.Ranking(bus)

		var ids []string
		for _, g := range gateways {
			ids = append(ids, g.ID)
		}
		slices.Sort(ids)
		if got := slices.Sorted(slices.Values(ranking)); !slices.Equal(got, ids) || f.Size() != len(ids) {
			t.Fatalf("ranking %v of the gateways %v", ranking, ids)
		}
		for want, id := range ranking {
			if got, ok := f.Rank(bus, id); got != want || !ok {
				t.Fatalf("%s has rank %d, %v, want %d", id, got, ok, want)
			}
		}
		first, ok := f.First(bus)
		if ok != (len(ids) > 0) || ok && first != ranking[0] {
			t.Fatalf("first is %q, %v, of %v", first, ok, ranking)
		}
		shuffled := placement.NewField(rapid.Permutation(gateways).Draw(t, "shuffled"))
		if got := shuffled.Ranking(bus); !slices.Equal(got, ranking) {
			t.Fatalf("ranking %v became %v in another order", ranking, got)
		}
	})
}

// Who joins or leaves, or changes weight, changes nobody's order but its own.
func TestMovement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gateways := drawGateways(t, 1)
		i := rapid.IntRange(0, len(gateways)-1).Draw(t, "which")
		changed := slices.Clone(gateways)
		id := changed[i].ID
		switch rapid.IntRange(0, 2).Draw(t, "how") {
		case 0:
			changed = slices.Delete(changed, i, i+1)
		case 1:
			changed[i].Weight = rapid.Uint32().Draw(t, "weight")
		case 2:
			changed[i].Draining = true
		}
		before, after := placement.NewField(gateways), placement.NewField(changed)
		others := func(ranking []string) []string {
			return slices.DeleteFunc(ranking, func(other string) bool { return other == id })
		}
		for _, bus := range rapid.SliceOfN(rapid.String(), 1, 20).Draw(t, "buses") {
			old, now := before.Ranking(bus), after.Ranking(bus)
			if !slices.Equal(others(old), others(now)) {
				t.Fatalf("%s changed, and %v became %v", id, before.Ranking(bus), now)
			}
		}
	})
}

// The buses are divided by weight, also where ids are much alike, and those of a gateway that leaves
// are divided among the others in the same way.
func TestShares(t *testing.T) {
	for _, test := range []struct {
		name    string
		ids     func(i int) string
		weights []uint32
	}{
		{"even", func(i int) string { return fmt.Sprintf("gw-%d", i) }, []uint32{1, 1, 1}},
		{"ten", func(i int) string { return fmt.Sprintf("gw-%d", i) }, []uint32{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"weighted", func(i int) string { return fmt.Sprintf("gw-%d", i) }, []uint32{1, 2, 3, 4}},
		{"one letter", func(i int) string { return string(rune('a' + i)) }, []uint32{5, 1, 1, 3}},
		{"large weights", func(i int) string { return strings.Repeat("x", i+1) }, []uint32{4_000_000_000, 1_000_000_000, 3_000_000_000}},
		{"a small one", func(i int) string { return fmt.Sprint(i) }, []uint32{1, 100, 100}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var gateways []placement.Gateway
			for i, w := range test.weights {
				gateways = append(gateways, placement.Gateway{ID: test.ids(i), Weight: w})
			}
			f := placement.NewField(gateways)
			first, second := map[string]int{}, map[[2]string]int{}
			const buses = 100_000
			for _, bus := range busIDs(buses) {
				ranking := f.Ranking(bus)
				if id, _ := f.First(bus); id != ranking[0] {
					t.Fatalf("%s is first for %s in %v", id, bus, ranking)
				}
				first[ranking[0]]++
				second[[2]string{ranking[0], ranking[1]}]++
			}
			for _, g := range gateways {
				near(t, g.ID, first[g.ID], buses, f.Share(g.ID))
				for _, heir := range gateways {
					if heir.ID != g.ID {
						share := f.Share(heir.ID) / (1 - f.Share(g.ID))
						near(t, heir.ID+" after "+g.ID, second[[2]string{g.ID, heir.ID}], first[g.ID], share)
					}
				}
			}
		})
	}
}

// near compares a number of buses with what a share of them should be, up to four standard deviations.
func near(t *testing.T, who string, got, of int, share float64) {
	t.Helper()
	want := share * float64(of)
	if sigma := math.Sqrt(want * (1 - share)); math.Abs(float64(got)-want) > 4*sigma {
		t.Errorf("%s has %d of %d, want %.0f with a standard deviation of %.0f", who, got, of, want, sigma)
	}
}

func TestEligible(t *testing.T) {
	f := placement.NewField([]placement.Gateway{
		{ID: "a", Labels: map[string]string{"site": "north"}},
		{ID: "b", Labels: map[string]string{"site": "north"}, Draining: true},
		{ID: "c", Labels: map[string]string{"site": "south"}, Weight: 7},
		{ID: "a", Weight: 1000},
	})
	if f.Size() != 2 {
		t.Fatalf("%d gateways, want 2: one drains, and one is there twice", f.Size())
	}
	north := f.Eligible(placement.DemandOf(having("site", "north")))
	if got, ok := north.First("line"); got != "a" || !ok {
		t.Errorf("first in the north is %q, %v", got, ok)
	}
	if _, ok := north.Rank("line", "c"); ok || north.Share("c") != 0 {
		t.Error("the south has a rank or a share in the north")
	}
	if got := f.Share("c"); got != 7.0/8 {
		t.Errorf("share %v, want 7/8", got)
	}
	nobody := f.Eligible(placement.DemandOf())
	if got, ok := nobody.First("line"); ok {
		t.Errorf("%q is to own a bus without devices", got)
	}
	if got, ok := (placement.Field{}).First("line"); ok || len((placement.Field{}).Ranking("line")) > 0 {
		t.Errorf("%q is first of nobody", got)
	}
}

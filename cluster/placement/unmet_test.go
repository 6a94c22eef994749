package placement_test

import (
	"testing"

	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestUnmet(t *testing.T) {
	labels := map[string]string{"site": "north", "bay": "1"}
	for _, test := range []struct {
		name    string
		devices []*roostv1.Placement
		want    string
	}{
		{"met", []*roostv1.Placement{having("site", "north"), at("a", "b")}, ""},
		{"no devices", nil, "no device of the bus is in service"},
		{"a list", []*roostv1.Placement{at("c", "b")}, "not in the list of gateways: b, c"},
		{"another label", []*roostv1.Placement{having("bay", "1", "site", "south")}, `label site is "north" and not "south"`},
		{"no such label", []*roostv1.Placement{having("roof", "flat")}, `it has no label roof, which is to be "flat"`},
		{"lists that share nothing", []*roostv1.Placement{at("a"), at("b")}, "the devices of the bus ask for what no gateway is"},
		{"labels that contradict", []*roostv1.Placement{having("site", "north"), having("site", "south")}, "the devices of the bus ask for what no gateway is"},
	} {
		d := placement.DemandOf(test.devices...)
		got := d.Unmet("a", labels)
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if met := d.Met("a", labels); met != (got == "") {
			t.Errorf("%s: met is %v, but the reason is %q", test.name, met, got)
		}
	}
}

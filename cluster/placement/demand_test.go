package placement_test

import (
	"iter"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func at(gateways ...string) *roostv1.Placement { return &roostv1.Placement{Gateways: gateways} }

func having(pairs ...string) *roostv1.Placement {
	p := &roostv1.Placement{Selector: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		p.Selector[pairs[i]] = pairs[i+1]
	}
	return p
}

func TestDemand(t *testing.T) {
	labels := map[string]map[string]string{
		"a": {"site": "north", "bay": "1"},
		"b": {"site": "north", "bay": "2"},
		"c": {"site": "south"},
		"d": nil,
	}
	for _, test := range []struct {
		name     string
		devices  []*roostv1.Placement
		met      []string
		attached string
	}{
		{"no devices", nil, nil, ""},
		{"a device that asks for nothing", []*roostv1.Placement{nil}, []string{"a", "b", "c", "d"}, ""},
		{"an empty placement", []*roostv1.Placement{{}}, []string{"a", "b", "c", "d"}, ""},
		{"a list", []*roostv1.Placement{at("a", "c")}, []string{"a", "c"}, ""},
		{"a list that says it twice", []*roostv1.Placement{at("c", "a", "c")}, []string{"a", "c"}, ""},
		{"one gateway", []*roostv1.Placement{at("b")}, []string{"b"}, "b"},
		{"a gateway that is not there", []*roostv1.Placement{at("z")}, nil, "z"},
		{"two lists", []*roostv1.Placement{at("a", "c"), at("c", "b")}, []string{"c"}, "c"},
		{"two lists that share nothing", []*roostv1.Placement{at("a"), at("b")}, nil, ""},
		{"one that shares nothing with what is left", []*roostv1.Placement{at("a"), at("b"), at("a")}, nil, ""},
		{"a list and one that does not care", []*roostv1.Placement{at("a", "b"), nil}, []string{"a", "b"}, ""},
		{"a selector", []*roostv1.Placement{having("site", "north")}, []string{"a", "b"}, ""},
		{"a selector of two labels", []*roostv1.Placement{having("site", "north", "bay", "2")}, []string{"b"}, ""},
		{"two selectors", []*roostv1.Placement{having("site", "north"), having("bay", "1")}, []string{"a"}, ""},
		{"two selectors that contradict", []*roostv1.Placement{having("site", "north"), having("site", "south")}, nil, ""},
		{"one gateway and selectors that contradict", []*roostv1.Placement{at("a"), having("k", "1"), having("k", "2")}, nil, ""},
		{"a label that nobody has", []*roostv1.Placement{having("roof", "")}, nil, ""},
		{"a list and a selector", []*roostv1.Placement{{Gateways: []string{"a", "c"}, Selector: map[string]string{"site": "south"}}}, []string{"c"}, ""},
		{"a list and the selector of another", []*roostv1.Placement{at("a", "c"), having("site", "north")}, []string{"a"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := placement.DemandOf(test.devices...)
			var met []string
			for _, id := range []string{"a", "b", "c", "d"} {
				if d.Met(id, labels[id]) {
					met = append(met, id)
				}
			}
			if !slices.Equal(met, test.met) {
				t.Errorf("met by %v, want %v", met, test.met)
			}
			if got, ok := d.Attached(); got != test.attached || ok != (test.attached != "") {
				t.Errorf("attached to %q, %v, want %q", got, ok, test.attached)
			}
		})
	}
	if !(placement.Demand{}).Met("a", nil) {
		t.Error("the zero Demand asks for something")
	}
}

func drawPlacement(t *rapid.T) *roostv1.Placement {
	ids := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3)
	pairs := rapid.MapOfN(rapid.SampledFrom([]string{"k", "l"}), rapid.SampledFrom([]string{"", "1", `1" "l`}), 0, 2)
	return &roostv1.Placement{Gateways: ids.Draw(t, "gateways"), Selector: pairs.Draw(t, "selector")}
}

// A demand is met if every device on its own is content, in whatever order they are; and two demands have
// one key if and only if they are met by the same.
func TestDemandIsAllOfThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		devices := rapid.SliceOfN(rapid.Custom(drawPlacement), 1, 3).Draw(t, "devices")
		others := rapid.SliceOfN(rapid.Custom(drawPlacement), 1, 3).Draw(t, "others")
		d, other := placement.DemandOf(devices...), placement.DemandOf(others...)

		shuffled := placement.DemandOf(rapid.Permutation(devices).Draw(t, "shuffled")...)
		if d.Key() != shuffled.Key() {
			t.Fatalf("key %s became %s in another order", d.Key(), shuffled.Key())
		}
		same := true
		for id, labels := range everyGateway() {
			want := !slices.ContainsFunc(devices, func(p *roostv1.Placement) bool { return !placement.DemandOf(p).Met(id, labels) })
			if got := d.Met(id, labels); got != want {
				t.Fatalf("%s with %v: %v, want %v", id, labels, got, want)
			}
			same = same && d.Met(id, labels) == other.Met(id, labels)
		}
		if same != (d.Key() == other.Key()) {
			t.Fatalf("keys %s and %s; met by the same: %v", d.Key(), other.Key(), same)
		}
	})
}

// everyGateway yields all that the demands of drawPlacement can tell apart.
func everyGateway() iter.Seq2[string, map[string]string] {
	values := []string{"none", "", "1", `1" "l`}
	return func(yield func(string, map[string]string) bool) {
		for _, id := range []string{"a", "b", "c", "d"} {
			for _, k := range values {
				for _, l := range values {
					labels := map[string]string{"k": k, "l": l}
					maps.DeleteFunc(labels, func(_, v string) bool { return v == "none" })
					if !yield(id, labels) {
						return
					}
				}
			}
		}
	}
}

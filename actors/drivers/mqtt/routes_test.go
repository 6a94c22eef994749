package mqtt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/mqtt"
)

// TestRoutes: whoever wants a topic's messages is found, each once, and nobody else, whatever filters come and go.
func TestRoutes(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, seed))
	pick := func(levels ...string) string { return levels[random.IntN(len(levels))] }
	topic := func(levels ...string) string {
		parts := []string{pick(append(levels, "$a")...)}
		for random.IntN(3) > 0 {
			parts = append(parts, pick(levels...))
		}
		return strings.Join(parts, "/")
	}
	var r mqtt.Routes
	wanted := make(map[string][]int)
	for range 4000 {
		filter := topic("a", "b", "", "+")
		if random.IntN(4) == 0 {
			filter += "/#"
		} else if random.IntN(20) == 0 {
			filter = "#"
		}
		who := random.IntN(5)
		if random.IntN(2) == 0 {
			r.Add(filter, who)
			wanted[filter] = append(wanted[filter], who)
		} else {
			r.Remove(filter, who)
			wanted[filter] = slices.DeleteFunc(wanted[filter], func(other int) bool { return other == who })
		}
		at := topic("a", "b", "")
		got, want := r.Of(at), of(wanted, at)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %q goes to %v, want %v of %v", seed, at, got, want, wanted)
		}
	}
	for filter, all := range wanted {
		for _, who := range all {
			r.Remove(filter, who)
		}
	}
	if !r.Empty() {
		t.Error("something is left of filters that nobody wants")
	}
}

// of looks at each filter.
func of(wanted map[string][]int, topic string) []int {
	var who []int
	for filter, all := range wanted {
		if mqtt.Matches(filter, topic) {
			who = append(who, all...)
		}
	}
	slices.Sort(who)
	return slices.Compact(who)
}

// BenchmarkRoutes finds the device of a message. all is what it takes to look at each filter.
func BenchmarkRoutes(b *testing.B) {
	for _, kind := range []string{"site/%d/state", "site/%d/+"} {
		for _, devices := range []int{10, 1000} {
			var r mqtt.Routes
			filters := make([]string, devices)
			topics := make([]string, devices)
			for i := range devices {
				filters[i] = fmt.Sprintf(kind, i)
				topics[i] = "site/" + strconv.Itoa(i) + "/state"
				r.Add(filters[i], i)
			}
			name := fmt.Sprintf("filter=%s/devices=%d", strings.ReplaceAll(fmt.Sprintf(kind, 0), "/", "."), devices)
			b.Run(name+"/roost", func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if n := r.Count(topics[i%devices]); n != 1 {
						b.Fatalf("%d want it", n)
					}
				}
			})
			b.Run(name+"/all", func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					n := 0
					for _, filter := range filters {
						if mqtt.Matches(filter, topics[i%devices]) {
							n++
						}
					}
					if n != 1 {
						b.Fatalf("%d want it", n)
					}
				}
			})
		}
	}
}

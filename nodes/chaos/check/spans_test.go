package check_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

const most = 30 // of sequences and instants

func drawPairs(t *rapid.T, name string) [][2]uint64 {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) [2]uint64 {
		from := rapid.Uint64Range(0, most).Draw(t, "from")
		return [2]uint64{from, rapid.Uint64Range(from, most).Draw(t, "to")}
	}), 0, 6).Draw(t, name)
}

func inside(pairs [][2]uint64, x uint64) bool {
	for _, p := range pairs {
		if p[0] <= x && x < p[1] {
			return true
		}
	}
	return false
}

// TestIntervals: the difference is that of the sets.
func TestIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawPairs(t, "a"), drawPairs(t, "b")
		rest := check.Without(a, b)
		for x := range uint64(most + 1) {
			if got, want := inside(rest, x), inside(a, x) && !inside(b, x); got != want {
				t.Fatalf("%d: got %v, want %v in %v", x, got, want, rest)
			}
		}
	})
}

// TestOutages: when enough time has gone by is what counting each nanosecond says.
func TestOutages(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pairs := drawPairs(t, "outages")
		var down [][2]boottime.Instant
		for _, p := range pairs {
			down = append(down, [2]boottime.Instant{boottime.Instant(p[0]), boottime.Instant(p[1])})
		}
		o := check.NewOutages(down)
		from := rapid.Uint64Range(0, most).Draw(t, "from")
		free := int64(0)
		for x := from; x < most+10; x++ {
			if got := check.At(o, boottime.Instant(x)); got != inside(pairs, x) {
				t.Fatalf("at %d: got %v", x, got)
			}
			if inside(pairs, x) {
				continue
			}
			free++
			if got := check.After(o, boottime.Instant(from), free); got != boottime.Instant(x+1) {
				t.Fatalf("%d after %d: got %v, want %d", free, from, got, x+1)
			}
		}
	})
}

func TestServed(t *testing.T) {
	s := new(story).at(0, plan(history.Limits{}, true)).at(0, stored(1)).at(100, stored(1)).at(900, stored(1)).at(1000, &history.Phase{})
	got := check.Served(history.New(s.records), 300*time.Millisecond)
	want := []int{1, 0, 0, 1}
	for i := range want {
		if len(got.Served) != len(want) || got.Served[i] != want[i] {
			t.Fatalf("got %v, want %v", got.Served, want)
		}
	}
	if got.Gaps["d"] != 800*time.Millisecond || got.Devices != 1 {
		t.Errorf("got %+v", got)
	}
}

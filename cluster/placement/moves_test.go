package placement_test

import (
	"iter"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/placement"
)

func TestClaimDelay(t *testing.T) {
	const step, limit = 250 * time.Millisecond, 2 * time.Second
	for rank, want := range []time.Duration{0, 250, 750, 1750, 2000, 2000} {
		if got := placement.ClaimDelay(rank, step, limit); got != want*time.Millisecond {
			t.Errorf("rank %d waits %v, want %v", rank, got, want*time.Millisecond)
		}
	}
	for _, test := range []struct {
		rank        int
		step, limit time.Duration
		want        time.Duration
	}{
		{-1, step, limit, 0},
		{3, 0, limit, 0},
		{3, -step, limit, 0},
		{1, step, step / 2, step / 2},
		{math.MaxInt, step, limit, limit},
		{math.MaxInt, 1, math.MaxInt64 / 4, math.MaxInt64 / 4},
	} {
		if got := placement.ClaimDelay(test.rank, test.step, test.limit); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// TestVacancy: a bus is claimed when the best rank so far says so, counted from when it became vacant.
func TestVacancy(t *testing.T) {
	const step, limit = 100 * time.Millisecond, 2 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		begin := boottime.Instant(rapid.Int64Range(1, 1e12).Draw(t, "begin"))
		var v placement.Vacancy
		now, best := begin, math.MaxInt
		for range rapid.IntRange(1, 6).Draw(t, "looks") {
			rank := rapid.IntRange(0, 8).Draw(t, "rank")
			best = min(best, rank)
			if got, want := v.Due(now, rank, step, limit), begin.Add(placement.ClaimDelay(best, step, limit)); got != want {
				t.Fatalf("with rank %d, and %d at best, it is due at %d, want %d", rank, best, got, want)
			}
			now = now.Add(time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "later")))
		}
	})
}

// owned gives all buses one field.
func owned(f placement.Field, buses ...string) iter.Seq2[string, placement.Field] {
	return func(yield func(string, placement.Field) bool) {
		for _, bus := range buses {
			if !yield(bus, f) {
				return
			}
		}
	}
}

func TestMoves(t *testing.T) {
	f := placement.NewField(gatewaysOf(3))
	buses := busIDs(20)
	var want []placement.Move
	for _, bus := range buses {
		if to, _ := f.First(bus); to != "gw-1" {
			want = append(want, placement.Move{Bus: bus, To: to})
		}
	}
	if diff := cmp.Diff(want, placement.Moves("gw-1", owned(f, buses...))); diff != "" || len(want) == 0 {
		t.Errorf("moves (-want +got):\n%s", diff)
	}

	for _, m := range placement.Moves("gone", owned(f, buses...)) {
		if to, _ := f.First(m.Bus); !m.Unfit || m.To != to {
			t.Errorf("move of one that is not eligible: %+v, want to %s", m, to)
		}
	}
	if got := placement.Moves("gw-1", owned(placement.Field{}, buses...)); got != nil {
		t.Errorf("moves to nobody: %v", got)
	}

	// What cannot stay goes first.
	only := f.Eligible(placement.DemandOf(at("gw-2")))
	mixed := func(yield func(string, placement.Field) bool) {
		_ = yield(want[0].Bus, f) && yield("attached", only)
	}
	got := placement.Moves("gw-1", mixed)
	if diff := cmp.Diff([]placement.Move{{Bus: "attached", To: "gw-2", Unfit: true}, want[0]}, got); diff != "" {
		t.Errorf("moves (-want +got):\n%s", diff)
	}
}

// However the buses are spread at first: owners that hand over at their pace, each for itself, come to
// an end where every bus is with its first, each bus moves once at most, and no owner is too fast.
func TestMovesConverge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gateways := drawGateways(t, 1)
		f := placement.NewField(gateways)
		ids := f.Ranking("")
		paces := map[string]*placement.Pace{}
		for _, id := range ids {
			paces[id] = &placement.Pace{Every: 20 * time.Millisecond, Burst: 4}
		}
		owner, moved := map[string]string{}, map[string]int{}
		for _, bus := range busIDs(rapid.IntRange(0, 60).Draw(t, "buses")) {
			owner[bus] = rapid.SampledFrom(ids).Draw(t, "owner")
		}
		began := map[string][]boottime.Instant{}
		now := boottime.Instant(0)
		for round := 0; ; round++ {
			left := 0
			for _, id := range ids {
				moves := placement.Moves(id, ownedBy(owner, id, f))
				n := paces[id].Take(now, len(moves))
				left += len(moves) - n
				for _, m := range moves[:n] {
					owner[m.Bus] = m.To
					moved[m.Bus]++
					began[id] = append(began[id], now)
				}
			}
			if left == 0 {
				break
			}
			if round > 10_000 {
				t.Fatalf("%d moves are left", left)
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 50).Draw(t, "pause")) * time.Millisecond)
		}
		for bus, id := range owner {
			if first, _ := f.First(bus); first != id || moved[bus] > 1 {
				t.Fatalf("%s is with %s after %d moves, want %s", bus, id, moved[bus], first)
			}
		}
		for id, times := range began {
			inPace(t, id, times, 20*time.Millisecond, 4)
		}
	})
}

func ownedBy(owner map[string]string, id string, f placement.Field) iter.Seq2[string, placement.Field] {
	var buses []string
	for _, bus := range slices.Sorted(maps.Keys(owner)) {
		if owner[bus] == id {
			buses = append(buses, bus)
		}
	}
	return owned(f, buses...)
}

// inPace checks every span between two moves.
func inPace(t *rapid.T, who string, times []boottime.Instant, every time.Duration, burst int) {
	for i := range times {
		for j := i; j < len(times); j++ {
			if n, span := j-i+1, times[j].Sub(times[i]); n > burst+int(span/every) {
				t.Fatalf("%s began %d moves in %v", who, n, span)
			}
		}
	}
}

func TestPace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		every := time.Duration(rapid.IntRange(1, 1000).Draw(t, "every")) * time.Microsecond
		burst := rapid.IntRange(1, 5).Draw(t, "burst")
		p := placement.Pace{Every: every, Burst: burst}
		now := boottime.Instant(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "now"))
		var times []boottime.Instant
		for range 30 {
			asked := rapid.IntRange(0, 8).Draw(t, "asked")
			next := p.Next()
			n := p.Take(now, asked)
			if n > asked || n < 0 {
				t.Fatalf("%d of %d", n, asked)
			}
			if asked > 0 && (n > 0) == now.Before(next) {
				t.Fatalf("%d moves at %v, the next one was due at %v", n, now, next)
			}
			for range n {
				times = append(times, now)
			}
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(3*every)).Draw(t, "pause")))
		}
		inPace(t, "the owner", times, every, burst)
	})
}

func TestPaceLimits(t *testing.T) {
	unlimited := placement.Pace{}
	if got := unlimited.Take(0, 1000); got != 1000 {
		t.Errorf("%d of 1000 without a limit", got)
	}
	if got := unlimited.Take(0, -1); got != 0 {
		t.Errorf("%d of -1", got)
	}
	single := placement.Pace{Every: time.Second}
	if got := single.Take(boottime.Instant(time.Hour), 5); got != 1 {
		t.Errorf("%d at once without a burst, want 1", got)
	}
	if got, want := single.Next(), boottime.Instant(time.Hour+time.Second); got != want {
		t.Errorf("next at %v, want %v", got, want)
	}
	single.Burst = 5
	if got := single.Take(boottime.Instant(time.Hour), 5); got != 4 {
		t.Errorf("%d more with a burst of 5, want 4", got)
	}
	single.Burst = 1
	if got := single.Take(boottime.Instant(time.Hour), 5); got != 0 {
		t.Errorf("%d more when the burst was lowered, want 0", got)
	}
}

package shrink_test

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/shrink"
)

// planOf returns a plan with n entries: f1, f2 and so on.
func planOf(n int) *plan.Plan {
	p := &plan.Plan{Version: plan.Version, Scenario: "kill", Seed: 1, Settings: plan.Defaults()}
	for i := range n {
		p.Entries = append(p.Entries, plan.Entry{
			ID: fmt.Sprint("f", i+1), At: plan.Duration(time.Duration(i) * time.Second), Hold: plan.Duration(4 * time.Second),
			Fault: plan.Kill, Target: plan.Owner(fmt.Sprint("rig-", i%plan.Defaults().Devices+1)),
		})
	}
	return p
}

// bitsOf returns which entries a plan has: bit 0 is f1.
func bitsOf(t interface{ Fatal(...any) }, p *plan.Plan) (set uint) {
	for _, e := range p.Entries {
		var i uint
		if _, err := fmt.Sscanf(e.ID, "f%d", &i); err != nil {
			t.Fatal(err)
		}
		set |= 1 << (i - 1)
	}
	return set
}

// TestSmallest: of every way in which up to four entries may fail, such that more entries fail as well, the search finds
// a plan of which nothing can be left out.
func TestSmallest(t *testing.T) {
	const n = 4
	full := uint(1)<<n - 1
	for fails := range uint(1) << (full + 1) { // bit s: the entries of s fail
		failing := func(set uint) bool { return fails>>set&1 == 1 }
		if !failing(full) || !monotone(failing, n) {
			continue
		}
		found, err := shrink.Search(t.Context(), planOf(n), func(_ context.Context, p *plan.Plan) (bool, error) {
			return failing(bitsOf(t, p)), nil
		}, nil)
		if err != nil || !found.Whole {
			t.Fatalf("%016b: %+v, %v", fails, found, err)
		}
		left := bitsOf(t, found.Plan)
		for i := range n {
			if without := left &^ (1 << i); without != left && failing(without) {
				t.Fatalf("%016b: %04b is left, and %04b fails too", fails, left, without)
			}
		}
		if !failing(left) {
			t.Fatalf("%016b: %04b does not fail", fails, left)
		}
	}
}

func monotone(failing func(uint) bool, n int) bool {
	for set := range uint(1) << n {
		for i := range n {
			if failing(set) && !failing(set|1<<i) {
				return false
			}
		}
	}
	return true
}

// TestNeedle: where a few entries of many do it, these are found, and in far fewer steps than there are parts.
func TestNeedle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 30).Draw(t, "entries")
		needles := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, min(n, 3), rapid.ID).Draw(t, "needles")
		want := uint(0)
		for _, i := range needles {
			want |= 1 << i
		}
		tried := 0
		found, err := shrink.Search(context.Background(), planOf(n), func(_ context.Context, p *plan.Plan) (bool, error) {
			tried++
			return bitsOf(t, p)&want == want, nil
		}, nil)
		if got := bitsOf(t, found.Plan); err != nil || got != want || found.Tried != tried {
			t.Fatalf("%b is left of %b, %d steps of %d, %v", got, want, found.Tried, tried, err)
		}
		if most := 40 + 25*bits.OnesCount(want)*bits.Len(uint(n)); tried > most {
			t.Fatalf("%d entries, %d that count: %d steps, more than %d", n, len(needles), tried, most)
		}
	})
}

// TestSeenToFail: whatever fails, and when, what is returned was seen to fail or is what was given; no plan is tried
// twice; and each makes sense.
func TestSeenToFail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := planOf(rapid.IntRange(0, 12).Draw(t, "entries"))
		breaks := errors.New("it breaks")
		seen := map[string]bool{given.Digest(): true} // whether it failed
		last := given
		found, err := shrink.Search(context.Background(), given, func(_ context.Context, p *plan.Plan) (bool, error) {
			if _, again := seen[p.Digest()]; again {
				t.Fatalf("tried again: %s", p.JSON())
			}
			if err := p.Validate(); err != nil {
				t.Fatalf("%v: %s", err, p.JSON())
			}
			if rapid.IntRange(0, 30).Draw(t, "breaks") == 30 {
				return true, breaks
			}
			seen[p.Digest()] = rapid.Bool().Draw(t, "fails")
			if seen[p.Digest()] {
				last = p
			}
			return seen[p.Digest()], nil
		}, nil)
		if !seen[found.Plan.Digest()] || found.Plan.Digest() != last.Digest() {
			t.Fatalf("it was not seen to fail, or is not the last that was: %s", found.Plan.JSON())
		}
		if err != nil && !errors.Is(err, breaks) || found.Whole != (err == nil) {
			t.Fatalf("%+v, %v", found, err)
		}
	})
}

// TestHalves: where every plan fails, all becomes as small as it can be, and devices that are gone are not named.
func TestHalves(t *testing.T) {
	given := planOf(12)
	needs := func(p *plan.Plan) bool { return len(p.Entries) >= 2 }
	found, err := shrink.Search(t.Context(), given, func(_ context.Context, p *plan.Plan) (bool, error) { return needs(p), nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := found.Plan
	if len(p.Entries) != 2 || p.Settings.Devices != 1 || p.Settings.Clients != 1 || p.Settings.Duration.Std() >= 2*time.Second {
		t.Errorf("%s: %s", shrink.Size(p), p.JSON())
	}
	for _, e := range p.Entries {
		if e.Hold.Std() >= 100*time.Millisecond || e.Target != plan.Owner("rig-1") || e.At.Std() > p.Settings.Duration.Std() {
			t.Errorf("%+v", e)
		}
	}
	if diff := cmp.Diff(planOf(12), given); diff != "" {
		t.Errorf("what was given has changed:\n%s", diff)
	}
}

// TestOneHold: a hold that must be long stays long, and the others do not.
func TestOneHold(t *testing.T) {
	found, err := shrink.Search(t.Context(), planOf(3), func(_ context.Context, p *plan.Plan) (bool, error) {
		return len(p.Entries) == 3 && p.Entries[1].Hold.Std() >= 2*time.Second, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range found.Plan.Entries {
		if long := e.Hold.Std() >= time.Second; long != (i == 1) {
			t.Errorf("%+v", e)
		}
	}
}

// TestBudget: nothing is begun when the time is over, whether what was begun before ends with it or not; and what was found
// until then is there.
func TestBudget(t *testing.T) {
	for name, test := range map[string]struct {
		heeds bool
		took  time.Duration
		tried int
	}{"ends at once": {true, time.Minute, 8}, "goes on": {false, 63 * time.Second, 9}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				began := time.Now()
				over := ctx.Done()
				if !test.heeds {
					over = nil
				}
				found, err := shrink.Search(ctx, planOf(30), func(_ context.Context, p *plan.Plan) (bool, error) {
					if time.Since(began) >= time.Minute {
						t.Errorf("begun after %v", time.Since(began))
					}
					select {
					case <-time.After(7 * time.Second):
						return bitsOf(t, p)&3 == 3, nil
					case <-over:
						return false, ctx.Err()
					}
				}, nil)
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %v", took)
				}
				if !errors.Is(err, context.DeadlineExceeded) || found.Whole || found.Tried != test.tried || bitsOf(t, found.Plan)&3 != 3 || len(found.Plan.Entries) >= 30 {
					t.Errorf("%s after %d, %v", shrink.Size(found.Plan), found.Tried, err)
				}
			})
		})
	}
}

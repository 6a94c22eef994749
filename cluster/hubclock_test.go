package cluster

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/boottime"
)

// TestHubClockIsNeverFurtherOffThanItSays: whatever delays the answers have, and also when the hub's clock
// is set, the hub's time is within the bound that is told.
func TestHubClockIsNeverFurtherOffThanItSays(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		h := &HubClock{clock: clock}
		// The past is made up, and ends now: the real clock is read at the end.
		now := clock.Now()
		at := now.Add(-time.Hour)
		base := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "hub"), 0)
		hub := func(i boottime.Instant) time.Time { return base.Add(i.Sub(now)) }
		for range rapid.IntRange(1, 20).Draw(t, "renewals") {
			if rapid.IntRange(0, 9).Draw(t, "set") == 0 {
				base = base.Add(time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "by")))
			}
			there := time.Duration(rapid.Int64Range(0, 2e9).Draw(t, "there"))
			back := time.Duration(rapid.Int64Range(0, 2e9).Draw(t, "back"))
			h.learn(hub(at.Add(there)), at, at.Add(there+back))
			at = at.Add(there + back)
		}
		// A clock that was set is noticed with the next renewal that shows it for certain.
		h.learn(hub(at), at, at)
		told, bound, ok := h.Now()
		after := clock.Now()
		if !ok {
			t.Fatal("nothing is known of the hub's clock")
		}
		early, late := hub(now).Add(-bound), hub(after).Add(bound)
		if told.Before(early) || told.After(late) {
			t.Fatalf("told %v, is between %v and %v", told, early, late)
		}
	})
}

// TestHubClockKnowsNothingAtFirst: before the first renewal has come back there is no time to tell.
func TestHubClockKnowsNothingAtFirst(t *testing.T) {
	clock, err := boottime.Open()
	if err != nil {
		t.Fatal(err)
	}
	h := &HubClock{clock: clock}
	if _, _, ok := h.Now(); ok {
		t.Error("a time was told")
	}
	if _, ok := h.Ahead(); ok {
		t.Error("a difference was told")
	}
	h.learn(time.Time{}, 1, 2)
	h.learn(time.Unix(1, 0), 2, 1)
	if _, _, ok := h.Now(); ok {
		t.Error("a time was told by a renewal that makes no sense")
	}
}

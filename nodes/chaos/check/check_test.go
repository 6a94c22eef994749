package check_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func report(results []check.Result) string {
	var text string
	for _, r := range results {
		text += fmt.Sprintf("%-4s %-9s %d %s\n", r.ID, r.Verdict, r.Examined, r.Reason)
		for _, v := range r.Violations[:min(3, len(r.Violations))] {
			text += fmt.Sprintf("     %v at %v\n", v, v.At)
			for _, l := range v.Around {
				text += fmt.Sprintf("        %v %-8s %-12s %s\n", l.At, l.Lane, l.Record, l.Text)
			}
		}
	}
	return text
}

// TestLegalHistoriesHold: whatever happens in a fleet that keeps its promises, no checker accuses it, and none is in
// doubt.
func TestLegalHistoriesHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), flawless)
		h := history.New(w.records)
		if results := check.All(h); check.Worst(results) != check.Held {
			t.Fatalf("accused:\n%s", report(results))
		}
	})
}

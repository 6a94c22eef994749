package check_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

// watchable are the mutants that a watch must tell of while the run goes on.
var watchable = []string{
	"act again under a newer epoch", "act after FAILED", "act after CANCELLED", "two owners of an epoch", "act under an old epoch",
	"act as somebody else", "act as another run of the owner", "FAILED and done",
}

// TestWatch: whatever is wrong with a history, and in whatever order the recorders' records come, a watch tells only what a
// checker says as well; and it tells all that needs no other records.
func TestWatch(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			tried := 0
			rapid.Check(t, func(t *rapid.T) {
				if tried == enough(t) {
					return
				}
				tried++
				w := newWorld(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), m.flaw)
				history.New(w.records)
				subject, ok := m.breaks(w)
				if !ok {
					return
				}
				h := history.New(w.records)
				said := map[string]bool{}
				for _, r := range check.All(h) {
					for _, v := range r.Violations {
						said[v.Clause+" "+v.Subject] = true
					}
				}
				told := watched(h, rapid.IntRange(0, 2).Draw(t, "order"))
				for key := range told {
					if !said[key] {
						t.Fatalf("the watch tells %s, and the checkers do not: %v", key, said)
					}
				}
				if slices.Contains(watchable, m.name) && !told[m.clause+" "+subject] {
					t.Fatalf("the watch does not tell of %s %s: %v", m.clause, subject, told)
				}
			})
		})
	}
}

// watched returns what a watch tells of a history: the records by their time, or those of the hardware before all others,
// or behind them.
func watched(h *history.History, order int) map[string]bool {
	isTruth := func(r history.Record) bool { _, ok := r.(*history.Action); return ok }
	var truth, others []history.Record
	for _, r := range h.Records {
		if isTruth(r) {
			truth = append(truth, r)
		} else {
			others = append(others, r)
		}
	}
	records := [][]history.Record{h.Records, slices.Concat(truth, others), slices.Concat(others, truth)}[order]
	told := map[string]bool{}
	w := check.NewWatch(h.Run.Devices, h.Run.Limits)
	for _, r := range records {
		for _, v := range w.Take(r) {
			told[v.Clause+" "+v.Subject] = true
		}
	}
	return told
}

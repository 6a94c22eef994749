package spans_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/spans"
)

// TestSet compares with a set of numbers, whatever is put in.
func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 40
		var set spans.Set
		model := map[uint64]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "adds") {
			s := spans.Span{From: rapid.Uint64Range(0, most).Draw(t, "from"), To: rapid.Uint64Range(0, most).Draw(t, "to")}
			set.Add(s)
			for n := s.From; n < s.To; n++ {
				model[n] = true
			}
		}
		for n := uint64(0); n <= most; n++ {
			if set.Has(n) != model[n] {
				t.Errorf("has %d: %v, want %v", n, set.Has(n), model[n])
			}
			next := n
			for model[next] {
				next++
			}
			if got := set.Next(n); got != next {
				t.Errorf("next from %d: %d, want %d", n, got, next)
			}
		}
		all := set.All()
		for i := 1; i < len(all); i++ {
			if all[i-1].To >= all[i].From || all[i].Len() == 0 {
				t.Errorf("spans are not in order, or adjacent: %v", all)
			}
		}
		missing := map[uint64]bool{}
		for s := range set.Missing(spans.Span{From: 3, To: most}) {
			for n := s.From; n < s.To; n++ {
				missing[n] = true
			}
		}
		for n := uint64(0); n <= most; n++ {
			if want := n >= 3 && n < most && !model[n]; missing[n] != want {
				t.Errorf("missing %d: %v, want %v", n, missing[n], want)
			}
		}
		n := rapid.IntRange(1, 10).Draw(t, "n")
		if got := set.Largest(n); len(got) != min(n, len(all)) {
			t.Errorf("the %d largest of %v are %v", n, all, got)
		}
		if before := set.Count(); set.CloseFirst() != (before > 1) || before > 1 && set.Count() != before-1 {
			t.Errorf("closing the first hole of %v leaves %v", all, set.All())
		}
	})
}

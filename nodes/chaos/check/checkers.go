package check

import (
	"cmp"
	"maps"
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/history"
)

// Checker finds out whether a history keeps a promise. It is pure.
type Checker struct {
	ID, Name string
	Check    func(*history.History) Result
}

// Checkers returns all of them, in the order of their ids.
func Checkers() []Checker {
	return []Checker{
		{"C1", "no acknowledged reading lost", NoReadingLost},
		{"C2", "no duplicates", NoDuplicates},
		{"C3", "order of each device", InOrder},
		{"C4", "at most once", AtMostOnce},
		{"C5", "commands end in time", EndsInTime},
		{"C6", "one driver", OneDriver},
		{"C7", "failover bounded", FailoverBounded},
		{"C8", "honest outcomes", HonestOutcomes},
		{"C9", "not vacuous", NotVacuous},
		{"C10", "convergence", Converges},
		{"C11", "supervision", Supervised},
		{"C12", "linearizable registers", Linearizable},
	}
}

// All returns what all checkers find.
func All(h *history.History) []Result {
	var results []Result
	for _, c := range Checkers() {
		results = append(results, c.Check(h))
	}
	return results
}

// Worst returns the verdict on a run: violated if any result is, else unknown if any is. Of nothing, nothing is
// known.
func Worst(results []Result) Verdict {
	if len(results) == 0 {
		return Unknown
	}
	worst := Held
	for _, r := range results {
		switch {
		case r.Verdict == Violated:
			return Violated
		case r.Verdict != Held:
			worst = Unknown
		}
	}
	return worst
}

func compare[T cmp.Ordered](a, b T) int { return cmp.Compare(a, b) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

package selftest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/plan"
)

// cleanRuns has the clean build go through what a mutant was tried with, unless it has already.
func (s *selfTest) cleanRuns(ctx context.Context, m Mutant, row Row, matrix *Matrix) error {
	for _, t := range row.Tries {
		key := t.PlanSHA + " " + strings.Join(m.Env, " ")
		if s.clean[key] {
			continue
		}
		s.clean[key] = true
		p, err := m.Plan(t.Seed, s.Duration)
		if err != nil {
			return err
		}
		clean, err := s.cleanRun(ctx, m, p, matrix)
		if err != nil {
			return err
		}
		matrix.Clean = append(matrix.Clean, clean)
		s.Face.Say(fmt.Sprintf("CLEAN     %s, seed %d: %s", clean.Scenario, clean.Seed, cleanText(clean)))
	}
	return nil
}

// cleanRun makes a run of the clean build; once more if it was only late, or shows nothing.
func (s *selfTest) cleanRun(ctx context.Context, m Mutant, p *plan.Plan, matrix *Matrix) (Try, error) {
	t, err := s.try(ctx, "", m, p)
	if err != nil || !t.late() && (t.Verdict == check.Violated || matrix.clear(t)) {
		return t, err
	}
	s.Face.Say(fmt.Sprintf("CLEAN     %s, seed %d: it is tried once more, for it was late or cannot tell: %s", t.Scenario, t.Seed, t.Reason))
	return s.try(ctx, "", m, p)
}

// clear reports whether a run of the clean build has shown what it is for: that those checkers which have caught a mutant
// under this plan find nothing in the program as it is, though the faults were there. On a machine that is too busy
// to judge by the clock, others may be unable to tell, as C7 is first of all. The checkers themselves excuse such a machine:
// what they call violated is.
func (x *Matrix) clear(t Try) bool {
	if t.Verdict != check.Unknown {
		return t.Verdict == check.Held
	}
	needed := x.caughtUnder(t.PlanSHA)
	if len(needed) == 0 {
		return false
	}
	return !slices.ContainsFunc(append(needed, "C9"), func(id string) bool { return !slices.Contains(t.Held, id) })
}

// caughtUnder returns the checkers that have caught a mutant under a plan.
func (x *Matrix) caughtUnder(sha string) []string {
	var all []string
	for _, r := range x.Rows {
		if r.Outcome == Caught && r.Tries[len(r.Tries)-1].PlanSHA == sha {
			all = append(all, checkerOf(r.By))
		}
	}
	return all
}

// accused reports whether a run of the clean build has found what it must not.
func (t Try) accused() bool { return t.Verdict == check.Violated }

func (x *Matrix) cleanWord(t Try) string {
	switch {
	case x.clear(t):
		return "not accused"
	case t.accused():
		return "ACCUSED by " + strings.Join(t.Clauses, ", ")
	}
	return strings.ToUpper(string(t.Verdict))
}

func cleanText(t Try) string {
	if t.accused() {
		return "accused: " + t.Reason
	}
	return fmt.Sprintf("%s: %s", t.Verdict, t.Reason)
}

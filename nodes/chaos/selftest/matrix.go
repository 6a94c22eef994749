package selftest

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/roost-iot/roost/nodes/chaos/check"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// Outcome is what became of a mutant.
type Outcome string

// Outcomes of mutants.
const (
	Caught Outcome = "caught" // by a checker that must
	Missed Outcome = "missed" // it was broken, and was judged, and no such checker said so
	// NotTried: no process ever came to be broken, so nothing was shown.
	NotTried Outcome = "not tried"
	// Unclear: no run of it could be judged.
	Unclear Outcome = "unclear"
)

// Row is what became of a mutant.
type Row struct {
	Mutant  string  `json:"mutant"`
	Breaks  string  `json:"breaks"`
	Outcome Outcome `json:"outcome"`
	// By is the clause that caught it, under Seed.
	By   string `json:"by,omitempty"`
	Seed uint64 `json:"seed,omitempty"`
	// Seconds that all of its runs took.
	Seconds float64 `json:"seconds"`
	// Why says more where it was not caught.
	Why   string `json:"why,omitempty"`
	Tries []Try  `json:"tries"`
}

// Judge says what became of a mutant with these runs.
func Judge(m Mutant, tries []Try) Row {
	row := Row{Mutant: m.Name, Breaks: m.Breaks, Outcome: NotTried, Tries: tries}
	for _, t := range tries {
		row.Seconds += t.Seconds
		if by := m.catches(t); by != "" {
			row.Outcome, row.By, row.Seed, row.Why = Caught, by, t.Seed, ""
			return row
		}
		row.worse(m, t)
	}
	if row.Outcome == NotTried {
		row.Why = "no process came to be broken"
	}
	return row
}

// catches returns the clause by which a run has caught the mutant; "": it has not. One that never acted, and one that
// was late where anything is, has not.
func (m Mutant) catches(t Try) string {
	by := m.caughtBy(t.Clauses)
	if by == "" || !t.Acted || t.starved() {
		return ""
	}
	return by
}

// worse takes a run into account that did not catch the mutant.
func (r *Row) worse(m Mutant, t Try) {
	switch {
	case !t.judged() || t.starved():
		if r.Outcome != Missed {
			r.Outcome, r.Why = Unclear, fmt.Sprintf("seed %d: %s", t.Seed, t.Reason)
		}
	case t.Acted:
		found := "nothing was found"
		if len(t.Clauses) > 0 {
			found = "only " + strings.Join(t.Clauses, ", ")
		} else if t.Verdict == check.Unknown {
			found = "nothing was found, and not all can be told: " + t.Reason
		}
		r.Outcome, r.Why = Missed, fmt.Sprintf("seed %d: %s, and not %s", t.Seed, found, strings.Join(m.By, " or "))
	}
}

// String is the row in one line.
func (r Row) String() string {
	if r.Outcome == Caught {
		return fmt.Sprintf("%s: caught by %s, seed %d, after %.0f s", r.Mutant, r.By, r.Seed, r.Seconds)
	}
	return fmt.Sprintf("%s: %s: %s", r.Mutant, r.Outcome, r.Why)
}

// Matrix is what became of all.
type Matrix struct {
	Rows []Row `json:"mutants"`
	// Clean are the runs of the clean build.
	Clean []Try `json:"clean"`
}

// Counts are how many mutants were caught and clean runs not accused; how many were missed and accused; and of how many nothing
// can be said.
func (x *Matrix) Counts() (passed, failed, skipped int) {
	for _, r := range x.Rows {
		switch r.Outcome {
		case Caught:
			passed++
		case Missed:
			failed++
		default:
			skipped++
		}
	}
	for _, t := range x.Clean {
		switch {
		case x.clear(t):
			passed++
		case t.accused():
			failed++
		default:
			skipped++
		}
	}
	return passed, failed, skipped
}

// Exit is the exit code that the matrix stands for.
func (x *Matrix) Exit() int {
	switch passed, failed, skipped := x.Counts(); {
	case failed > 0:
		return chaos.ExitViolated
	case skipped > 0 || passed == 0:
		return chaos.ExitUnknown
	}
	return chaos.ExitHeld
}

// Summary tells the matrix for people. The last line is the one that CI systems read.
func (x *Matrix) Summary(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MUTANT\tWHAT IT BREAKS\tSCENARIO\tCAUGHT BY\tSEED\tSECONDS")
	for _, r := range x.Rows {
		scenario := ""
		if len(r.Tries) > 0 {
			scenario = r.Tries[0].Scenario
		}
		by, seed := r.By, fmt.Sprint(r.Seed)
		if r.Outcome != Caught {
			by, seed = strings.ToUpper(string(r.Outcome)), "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%.0f\n", r.Mutant, r.Breaks, scenario, by, seed, r.Seconds)
	}
	for _, t := range x.Clean {
		fmt.Fprintf(table, "-\tnothing\t%s\t%s\t%d\t%.0f\n", t.Scenario, x.cleanWord(t), t.Seed, t.Seconds)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	x.explain(out)
	passed, failed, skipped := x.Counts()
	_, err := fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return err
}

// explain says why what is not as it is to be is so, and where to look.
func (x *Matrix) explain(out io.Writer) {
	for _, r := range x.Rows {
		if r.Outcome != Caught {
			fmt.Fprintf(out, "\n%s was %s: %s\n", r.Mutant, r.Outcome, r.Why)
			for _, t := range r.Tries {
				fmt.Fprintf(out, "  %s\n", t.Folder)
			}
		}
	}
	for _, t := range x.Clean {
		if t.Verdict != check.Held {
			fmt.Fprintf(out, "\nthe clean build under %s, seed %d: %s\n  %s\n", t.Scenario, t.Seed, cleanText(t), t.Folder)
		}
	}
}

package replay

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// Rate counts how runs of one plan came out. The zero Rate is ready for use.
type Rate struct {
	// Judged is how many runs were; Failed how many could not be made, or not to their end.
	Judged, Failed int

	counts map[string]map[check.Verdict]int // by checker
}

// Add takes a run into account.
func (r *Rate) Add(report *run.Report) {
	if report == nil || len(report.Checkers) == 0 {
		r.Failed++
		return
	}
	r.Judged++
	if r.counts == nil {
		r.counts = map[string]map[check.Verdict]int{}
	}
	for _, c := range report.Checkers {
		if r.counts[c.ID] == nil {
			r.counts[c.ID] = map[check.Verdict]int{}
		}
		r.counts[c.ID][c.Verdict]++
	}
}

// Of is in how many runs a checker came to a verdict.
func (r *Rate) Of(checker string, v check.Verdict) int { return r.counts[checker][v] }

// Brief is the rate in one line: "violated C4 in 2/3", or "nothing violated in 3 runs".
func (r *Rate) Brief() string {
	var all []string
	for _, c := range check.Checkers() {
		if n := r.Of(c.ID, check.Violated); n > 0 {
			all = append(all, fmt.Sprintf("violated %s in %d/%d", c.ID, n, r.Judged))
		}
	}
	if len(all) == 0 {
		return fmt.Sprintf("nothing violated in %d/%d", r.Judged, r.Judged)
	}
	return strings.Join(all, ", ")
}

// Lines tells the rate of each checker that was not always held, beside what the first run showed; nil: that is not
// known.
func (r *Rate) Lines(first *run.Report) []string {
	var lines []string
	for _, c := range check.Checkers() {
		then, known := verdictOf(first, c.ID)
		violated, unknown := r.Of(c.ID, check.Violated), r.Of(c.ID, check.Unknown)
		if violated == 0 && unknown == 0 && then != check.Violated {
			continue
		}
		word, n := check.Violated, violated
		if violated == 0 && then != check.Violated {
			word, n = check.Unknown, unknown
		}
		line := fmt.Sprintf("%s %s in %d/%d  (%s)", word, c.ID, n, r.Judged, c.Name)
		if known {
			line += fmt.Sprintf("; %s in the first run", then)
		}
		if word == check.Violated && unknown > 0 {
			line += fmt.Sprintf("; unknown in %d", unknown)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 && r.Judged > 0 {
		lines = append(lines, fmt.Sprintf("all held in %d/%d", r.Judged, r.Judged))
	}
	if r.Failed > 0 {
		lines = append(lines, fmt.Sprintf("%d runs were not judged", r.Failed))
	}
	return append(lines, r.doubt(first)...)
}

// doubt tells how much it says that what was violated in the first run was not violated again.
func (r *Rate) doubt(first *run.Report) []string {
	if first == nil || r.Judged == 0 || !slices.ContainsFunc(first.Checkers, func(c check.Result) bool {
		return c.Verdict == check.Violated && r.Of(c.ID, check.Violated) == 0
	}) {
		return nil
	}
	return []string{fmt.Sprintf("What shows in %.0f%% of runs stays hidden in %d of them with a chance of 5%%.", 100*Hidden(r.Judged), r.Judged)}
}

// Hidden is the rate of what is not seen in n runs with a chance of 5 percent.
func Hidden(n int) float64 { return 1 - math.Pow(0.05, 1/float64(n)) }

func verdictOf(report *run.Report, checker string) (v check.Verdict, known bool) {
	if report == nil {
		return "", false
	}
	for _, c := range report.Checkers {
		if c.ID == checker {
			return c.Verdict, true
		}
	}
	return "", false
}

package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/console"
)

func trim(text []byte) string { return strings.TrimSpace(string(text)) }

// Counts are how many checkers passed, failed, and could not tell or had nothing to look at.
func (r *Report) Counts() (passed, failed, skipped int) {
	for _, c := range r.Checkers {
		switch c.Verdict {
		case check.Held:
			if c.Examined == 0 {
				skipped++
				continue
			}
			passed++
		case check.Violated:
			failed++
		default:
			skipped++
		}
	}
	return passed, failed, skipped
}

// FenceTried returns how many pauses of gateways of fenced devices were confirmed, and how many stale attempts devices refused.
func (r *Report) FenceTried() (pauses, refused int) {
	for _, c := range r.Checkers {
		if c.ID == "C9" {
			pauses, refused = int(c.Metrics[check.MetricPauses]), int(c.Metrics[check.MetricRefused])
		}
	}
	return pauses, refused
}

// shownViolations is how many violations of a checker are told; the report has more.
const shownViolations = 3

// Summary tells a run for people, in colours if out is a console.Screen that has some. The last line is the one that CI
// systems read.
func (r *Report) Summary(out io.Writer) error {
	screen, ok := out.(console.Screen)
	if !ok {
		screen = console.Screen{Writer: out}
	}
	if err := r.table().Write(screen); err != nil {
		return err
	}
	for _, c := range r.Checkers {
		if c.Reason != "" && !strings.Contains(r.Reason, c.Reason) { // that of the run is told at the end
			fmt.Fprintf(out, "%s: %s\n", c.ID, c.Reason)
		}
	}
	for _, c := range r.Checkers {
		for _, v := range c.Violations[:min(len(c.Violations), shownViolations)] {
			fmt.Fprintf(out, "\n%s\n", screen.Paint(console.Bad, v.String()))
			for _, line := range v.Around {
				fmt.Fprintf(out, "    %-8s %-14s %s\n", line.Lane, line.Record, line.Text)
			}
		}
		if more := len(c.Violations) - shownViolations; more > 0 {
			fmt.Fprintf(out, "... and %d more of %s, in report.json\n", more, c.ID)
		}
	}
	if err := r.tellFigures(out); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s: %s\n", screen.Paint(tone(r.Verdict), strings.ToUpper(string(r.Verdict))), r.Reason)
	if r.Repro != "" {
		fmt.Fprintf(out, "again:  %s\n", r.Repro)
	}
	fmt.Fprintf(out, "Seed %d fixes the plan and the load, not the operating system's scheduling.\n", r.Seed)
	passed, failed, skipped := r.Counts()
	_, err := fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return err
}

// table is what each checker has found.
func (r *Report) table() *console.Table {
	t := &console.Table{Columns: []console.Column{{Title: "ID"}, {Title: "PROMISE", Least: 12}, {Title: "VERDICT"}, {Title: "EXAMINED", Right: true}}}
	for _, c := range r.Checkers {
		verdict, shown := strings.ToUpper(string(c.Verdict)), tone(c.Verdict)
		if c.Verdict == check.Held && c.Examined == 0 {
			verdict, shown = "-", console.Faint // there was nothing to look at
		}
		t.Add(console.Cell{Text: c.ID, Tone: console.Strong}, console.Cell{Text: c.Name}, console.Cell{Text: verdict, Tone: shown}, console.Cell{Text: strconv.Itoa(c.Examined)})
	}
	return t
}

func tone(v check.Verdict) console.Tone {
	switch v {
	case check.Held:
		return console.Good
	case check.Unknown, VerdictInterrupted:
		return console.Doubt
	}
	return console.Bad
}

// shownFigures is how many drains and reconnects are told: those with the most.
const shownFigures = 3

// most returns those that have the most of something, in their order.
func most[T any](all []T, of func(T) int) []T {
	if len(all) <= shownFigures {
		return all
	}
	counts := make([]int, 0, len(all))
	for _, one := range all {
		counts = append(counts, of(one))
	}
	slices.Sort(counts)
	least := counts[len(counts)-shownFigures]
	var shown []T
	for _, one := range all {
		if of(one) >= least && len(shown) < shownFigures {
			shown = append(shown, one)
		}
	}
	return shown
}

// writeRepro writes the command line that does the same again.
func (r *running) writeRepro() error {
	if r.Repro == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(r.Folder, "repro.sh"), []byte("#!/bin/sh\nexec "+r.Repro+"\n"), 0o755)
}

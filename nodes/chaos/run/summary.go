package run

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/roost-iot/roost/nodes/chaos/check"
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

// shownViolations is how many violations of a checker are told; the report has more.
const shownViolations = 3

// Summary tells a run for people. The last line is the one that CI systems read.
func (r *Report) Summary(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range r.Checkers {
		verdict := strings.ToUpper(string(c.Verdict))
		if c.Verdict == check.Held && c.Examined == 0 {
			verdict = "-" // there was nothing to look at
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d examined\t%s\n", c.ID, c.Name, verdict, c.Examined, c.Reason)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, c := range r.Checkers {
		for _, v := range c.Violations[:min(len(c.Violations), shownViolations)] {
			fmt.Fprintf(out, "\n%s\n", v)
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
	fmt.Fprintf(out, "\n%s: %s\n", strings.ToUpper(string(r.Verdict)), r.Reason)
	if r.Repro != "" {
		fmt.Fprintf(out, "again:  %s\n", r.Repro)
		fmt.Fprintln(out, "The seed fixes the plan and the load, not the operating system's scheduling.")
	}
	passed, failed, skipped := r.Counts()
	_, err := fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return err
}

// writeRepro writes the command line that does the same again.
func (r *running) writeRepro() error {
	if r.Repro == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(r.Folder, "repro.sh"), []byte("#!/bin/sh\nexec "+r.Repro+"\n"), 0o755)
}

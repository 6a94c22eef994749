package selftest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// Try is one run, of a mutant or of the clean build.
type Try struct {
	Mutant   string        `json:"mutant,omitempty"` // empty: the clean build
	Scenario string        `json:"scenario"`
	Seed     uint64        `json:"seed"`
	PlanSHA  string        `json:"plan_sha"`
	Verdict  check.Verdict `json:"verdict"`
	Reason   string        `json:"reason,omitempty"`
	// Clauses that were violated, in their order.
	Clauses []string `json:"clauses,omitempty"`
	// Held are the checkers that have found nothing though they had something to look at.
	Held []string `json:"held,omitempty"`
	// Acted is whether a process has said that it was broken.
	Acted   bool    `json:"acted,omitempty"`
	Seconds float64 `json:"seconds"`
	// HeldUpMS is for how long the harness itself was held up at most, since the machine was busy.
	HeldUpMS float64 `json:"held_up_ms"`
	Folder   string  `json:"folder"`
}

// judged reports whether the checkers came to look at it.
func (t Try) judged() bool {
	return t.Verdict == check.Held || t.Verdict == check.Violated || t.Verdict == check.Unknown
}

// late reports whether all that was violated is what a machine that is too slow can do to a sound program: a command that
// reaches its device after the deadline, one whose outcome is not known since the lease ran out meanwhile, a device that is
// served again after its time.
func (t Try) late() bool {
	return len(t.Clauses) > 0 && !slices.ContainsFunc(t.Clauses, func(clause string) bool {
		return checkerOf(clause) != "C7" && clause != "C5b" && clause != "C8b"
	})
}

// starved reports whether that is for the machine to answer for.
func (t Try) starved() bool { return t.late() && t.HeldUpMS > milliseconds(busy) }

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// try makes a run. The error is that it was interrupted.
func (s *selfTest) try(ctx context.Context, mutant string, m Mutant, p *plan.Plan) (Try, error) {
	who := mutant
	if who == "" {
		who = "clean"
	}
	t := Try{Mutant: mutant, Scenario: p.Scenario, Seed: p.Seed, PlanSHA: p.Digest()}
	s.count++
	t.Folder = filepath.Join(s.Folder, fmt.Sprintf("%02d-%s", s.count, who)) // short, for there are sockets in it
	s.Face.Say(fmt.Sprintf("TRY       %s: %s, seed %d, for %v", who, p.Scenario, p.Seed, p.Settings.Duration))
	began, held := time.Now(), s.Meter()
	if m.Client && mutant != "" {
		breakHarness(mutant)
		defer breakHarness("")
	}
	report, err := s.Run(ctx, chaos.Config{
		Plan: p, Folder: t.Folder, Program: s.Program, Env: append(slices.Clone(m.Env), Env+"="+mutant),
		Face: s.Face, Version: s.Version, Commit: s.Commit,
		Repro: fmt.Sprintf("roost chaos selftest --mutants %s", m.Name),
	})
	t.HeldUpMS = milliseconds(held().Round(time.Millisecond))
	t.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
	switch {
	case errors.Is(err, chaos.ErrInterrupted):
		return t, err
	case report == nil:
		t.Verdict, t.Reason = chaos.VerdictError, fmt.Sprint(err)
		return t, nil
	}
	t.Verdict, t.Reason, t.Clauses = report.Verdict, report.Reason, clausesOf(report)
	t.Held = heldOf(report)
	if mutant != "" {
		t.Acted, err = acted(t.Folder, mutant)
		if err != nil {
			t.Verdict, t.Reason = chaos.VerdictError, err.Error()
		}
	}
	return t, nil
}

// clausesOf returns the clauses that a run has violated.
func clausesOf(r *chaos.Report) []string {
	var all []string
	for _, c := range r.Checkers {
		for _, v := range c.Violations {
			if !slices.Contains(all, v.Clause) {
				all = append(all, v.Clause)
			}
		}
	}
	return all
}

func heldOf(r *chaos.Report) []string {
	var all []string
	for _, c := range r.Checkers {
		if c.Verdict == check.Held && c.Examined > 0 {
			all = append(all, c.ID)
		}
	}
	return all
}

// acted reports whether a process of the run in a folder has said that it was broken in the way of the mutant.
func acted(folder, mutant string) (bool, error) {
	logs, err := filepath.Glob(filepath.Join(folder, "nodes", "logs", "*.err"))
	if err != nil {
		return false, err
	}
	for _, path := range logs {
		said, err := says(path, fmt.Sprintf("mutant %s acted", mutant))
		if said || err != nil {
			return said, err
		}
	}
	return false, nil
}

// says reports whether a file has such a line.
func says(path, line string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == line {
			return true, nil
		}
	}
	return false, lines.Err()
}

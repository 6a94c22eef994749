package run_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// TestVerdicts: only a run of which all was seen to hold ends with 0. A broken promise counts for more than a doubt, and what
// had nothing to look at does not count as passed.
func TestVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		records []history.Record
		verdict check.Verdict
		exit    int
		failed  int
	}{
		"nothing was written down": {nil, check.Unknown, run.ExitUnknown, 0},
		"two owners of an epoch":   {chaostest.TwoOwners(), check.Violated, run.ExitViolated, 1},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := chaostest.RunFolder(folder, test.records...); err != nil {
				t.Fatal(err)
			}
			report, _, err := run.Rejudge(folder)
			if err != nil {
				t.Fatal(err)
			}
			passed, failed, skipped := report.Counts()
			if report.Verdict != test.verdict || report.Exit != test.exit || failed != test.failed {
				t.Errorf("%s, exit code %d, %d failed: %s", report.Verdict, report.Exit, failed, report.Reason)
			}
			for _, c := range report.Checkers {
				if c.Verdict == check.Held && c.Examined > 0 {
					passed--
				}
			}
			if passed != 0 || skipped == 0 {
				t.Errorf("%d too many passed, %d skipped", passed, skipped)
			}
		})
	}
}

// TestComplaints: a panic is found in a log however long the lines around it are.
func TestComplaints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gw-1.1.err")
	text := "all is well\n" + strings.Repeat("x", 200_000) + "panic: not at the beginning\npanic: boom\n\n" + strings.Repeat("y", 200_000)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := run.ComplaintsIn(path)
	if err != nil || len(found) != 1 || found[0] != "gw-1.1.err: panic: boom" {
		t.Errorf("%q, %v", found, err)
	}
}

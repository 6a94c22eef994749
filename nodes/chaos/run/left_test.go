package run_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/chaostest"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// onSaid is told what is said.
type onSaid func(line string)

func (f onSaid) Say(line string) { f(line) }
func (onSaid) Status(string)     {}

// TestLeftCounts: what could not be given back is told by error, exit code, reason and manifest, also of a run that was
// interrupted, and cleanup gives it back.
func TestLeftCounts(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nodes have disks of their own on Linux only")
	}
	for _, interrupted := range []bool{false, true} {
		p := &plan.Plan{Version: plan.Version, Scenario: "by-hand", Settings: short(), Entries: []plan.Entry{{ID: "f1", Fault: plan.PowerCut, Target: plan.TargetAny}}}
		folder := filepath.Join(t.TempDir(), "run")
		image := filepath.Join(folder, "nodes", "gw-1.image")
		ctx, cancel := context.WithCancel(t.Context())
		report, err := run.Run(ctx, run.Config{Plan: p, Folder: folder, Program: []string{chaostest.Program}, Face: onSaid(func(string) {
			_ = os.MkdirAll(filepath.Join(image, "in-the-way"), 0o700) // it is said that the set-up begins
			if interrupted {
				cancel()
			}
		})})
		cancel()
		if !errors.Is(err, run.ErrLeft) || errors.Is(err, run.ErrInterrupted) != interrupted || strings.Contains(err.Error(), "; all was undone") {
			t.Errorf("interrupted %v: %v", interrupted, err)
		}
		if report.Exit != run.ExitSetup || !strings.Contains(report.Reason, image) {
			t.Errorf("interrupted %v: exit %d: %s", interrupted, report.Exit, report.Reason)
		}
		if left, err := fault.Left(run.ManifestPath(folder)); len(left) == 0 || err != nil {
			t.Errorf("the manifest says that nothing is left: %v", err)
		}
		if err := os.RemoveAll(image); err != nil {
			t.Fatal(err)
		}
		if done, err := run.Cleanup(folder); len(done.Left) == 0 || err != nil {
			t.Errorf("cleanup: %+v, %v", done, err)
		}
	}
}

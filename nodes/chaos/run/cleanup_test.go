package run_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// TestCleanupOfARunThatGoesOn: a run is left alone for as long as a process has its lock, whichever program that is of, and is
// cleaned up when none has.
func TestCleanupOfARunThatGoesOn(t *testing.T) {
	folder := t.TempDir()
	data := filepath.Join(folder, "nodes")
	if err := os.MkdirAll(filepath.Join(data, "hub-1"), 0o700); err != nil {
		t.Fatal(err)
	}
	m, err := fault.OpenManifest(run.ManifestPath(folder))
	if err != nil {
		t.Fatal(err)
	}
	begun := fault.Undo{ID: "run", What: "run", Run: "no-such-run", PID: 1, Folders: []string{data}}
	if err := errors.Join(m.Will(begun), m.Close()); err != nil {
		t.Fatal(err)
	}
	harness := flock.New(filepath.Join(folder, "lock"))
	if locked, err := harness.TryLock(); !locked || err != nil {
		t.Fatal(locked, err)
	}
	if _, err := run.Cleanup(folder); !errors.Is(err, run.ErrRuns) {
		t.Errorf("of a run that goes on: %v", err)
	}
	if _, err := os.Stat(data); err != nil {
		t.Errorf("its data: %v", err)
	}
	if err := harness.Close(); err != nil {
		t.Fatal(err)
	}
	done, err := run.Cleanup(folder)
	if _, unseen := fleet.Leftovers("none"); unseen != nil {
		if _, there := os.Stat(data); err == nil || there != nil {
			t.Errorf("where processes cannot be seen: %v, %v", err, there)
		}
		return
	}
	if err != nil || len(done.Removed) != 1 {
		t.Errorf("of a run that has ended: %+v, %v", done, err)
	}
}

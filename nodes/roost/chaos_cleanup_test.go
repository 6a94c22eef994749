package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	chaosfleet "github.com/roost-iot/roost/nodes/chaos/fleet"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// TestChaosCleanupGoesOn: what stays of one run is an error and keeps no other from being cleaned up, also one of a self-test.
// The link to the last run is not one.
func TestChaosCleanupGoesOn(t *testing.T) {
	if _, err := chaosfleet.Leftovers("none"); err != nil {
		t.Skip(err)
	}
	below := t.TempDir()
	for _, name := range []string{"1", "2", "3-selftest/01-clean"} {
		folder := filepath.Join(below, name)
		if err := os.MkdirAll(filepath.Join(folder, "nodes", "hub-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(fault.Undo{ID: "run", What: "run", Run: "no-such-" + filepath.Base(name), Folders: []string{filepath.Join(folder, "nodes")}})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(chaos.ManifestPath(folder), append(line, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := t.TempDir()
	kept := filepath.Join(other, "kept")
	first := filepath.Join(below, "1", "nodes")
	if err := errors.Join(os.Mkdir(kept, 0o700), os.RemoveAll(first), os.Symlink(other, first), os.Symlink("2", filepath.Join(below, "latest"))); err != nil {
		t.Fatal(err)
	}
	r := run(t, "chaos", "cleanup", "--all", "--report", below)
	if r.code != 3 || !strings.Contains(r.err, first) || strings.Count(r.out, "1 folders removed") != 2 || strings.Contains(r.out, "latest") {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what a link led to was removed: %v", err)
	}
}

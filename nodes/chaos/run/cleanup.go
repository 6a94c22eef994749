package run

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
)

// ManifestPath is the manifest of the run in a folder.
func ManifestPath(folder string) string { return filepath.Join(folder, "manifest.ndjson") }

// Cleaned says what Cleanup found and undid.
type Cleaned struct {
	// Left are what the manifest says was begun and not undone.
	Left []fault.Undo
	// Killed processes, and Removed folders.
	Killed  int
	Removed []string
}

// ErrRuns: the harness of a run still runs, so nothing of it is left over.
var ErrRuns = errors.New("the run goes on")

// Cleanup undoes what a run has left behind whose harness was killed. A run that ended in order has left nothing.
func Cleanup(folder string) (Cleaned, error) {
	left, err := fault.Left(ManifestPath(folder))
	if err != nil {
		return Cleaned{}, fmt.Errorf("clean up %s: %w", folder, err)
	}
	done := Cleaned{Left: left}
	for _, u := range left {
		if u.What != "run" {
			continue // it ends with the processes
		}
		if alive(u.PID) {
			return done, fmt.Errorf("clean up %s: %w: process %d; end that first", folder, ErrRuns, u.PID)
		}
		n, err := fleet.Cleanup(u.Run)
		if err != nil {
			return done, fmt.Errorf("clean up %s: %w", folder, err)
		}
		done.Killed += n
		if err := gone(u.Run); err != nil {
			return done, fmt.Errorf("clean up %s: %w", folder, err)
		}
		if err := giveBack(left); err != nil {
			return done, fmt.Errorf("clean up %s: %w", folder, err)
		}
		for _, path := range u.Folders {
			if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err := removeData(path); err != nil {
				return done, fmt.Errorf("clean up %s: %w", folder, err)
			}
			done.Removed = append(done.Removed, path)
		}
	}
	if len(left) == 0 {
		return done, nil
	}
	m, err := fault.OpenManifest(ManifestPath(folder))
	if err != nil {
		return done, err
	}
	for _, u := range left {
		err = errors.Join(err, m.Done(u.ID))
	}
	return done, errors.Join(err, m.Close())
}

// goneTime is how long processes that were killed may take to end.
const goneTime = 10 * time.Second

// gone waits until nothing is left of the processes of a run: what they use cannot be given back before.
func gone(run string) error {
	late := time.After(goneTime)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for left := fleet.Leftovers(run); len(left) > 0; left = fleet.Leftovers(run) {
		select {
		case <-again.C:
		case <-late:
			return fmt.Errorf("processes %v do not end", left)
		}
	}
	return nil
}

// giveBack gives back what of this machine was taken, the last first.
func giveBack(left []fault.Undo) error {
	var errs error
	for i := len(left) - 1; i >= 0; i-- {
		for k := len(left[i].Claims) - 1; k >= 0; k-- {
			errs = errors.Join(errs, left[i].Claims[k].Undo())
		}
	}
	return errs
}

// alive reports whether the harness of a run still runs. Its number may have been given to another process since, so that
// must be of this very program.
func alive(pid int) bool {
	if pid <= 0 || pid == os.Getpid() {
		return false
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return false
	}
	other, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err == nil && other == self
}

// removeData removes the data of nodes, and leaves what was said and written down.
func removeData(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == "logs" || e.Name() == "truth.log" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	_ = os.Remove(folder) // if nothing is in it
	return nil
}

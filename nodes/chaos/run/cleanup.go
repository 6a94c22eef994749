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

// Cleanup undoes what a run has left behind whose harness was killed. A run that ended in order has left nothing. The
// error is ErrRuns if the harness still runs.
func Cleanup(folder string) (Cleaned, error) {
	done, err := cleanUp(folder)
	if err != nil {
		return done, fmt.Errorf("clean up %s: %w", folder, err)
	}
	return done, nil
}

func cleanUp(folder string) (Cleaned, error) {
	left, err := fault.Left(ManifestPath(folder))
	if err != nil || len(left) == 0 {
		return Cleaned{}, err
	}
	lock, err := lock(folder)
	if err != nil {
		return Cleaned{Left: left}, err
	}
	defer func() { _ = lock.Close() }() // the end of the process does it too
	if left, err = fault.Left(ManifestPath(folder)); err != nil {
		return Cleaned{}, err // it may have ended in order meanwhile
	}
	done := Cleaned{Left: left}
	for _, u := range left {
		if u.What != "run" {
			continue // it ends with the processes
		}
		if err := done.undo(u, left); err != nil {
			return done, err
		}
	}
	return done, tellDone(folder, left)
}

// undo ends the processes of a run, and then gives back and removes what they used.
func (c *Cleaned) undo(run fault.Undo, left []fault.Undo) error {
	n, err := fleet.Cleanup(run.Run)
	if err != nil {
		return fmt.Errorf("%w; end them if there are any, and remove %v", err, run.Folders)
	}
	c.Killed += n
	if err := gone(run.Run); err != nil {
		return err
	}
	if err := giveBack(left); err != nil {
		return err
	}
	for _, path := range run.Folders {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !info.IsDir() { // others may write beside it, and a link leads to what is not of the run
			return fmt.Errorf("%s is not the folder that the run has made: look at it, and remove it", path)
		}
		if err := removeData(path); err != nil {
			return err
		}
		c.Removed = append(c.Removed, path)
	}
	return nil
}

// tellDone writes down that all is undone.
func tellDone(folder string, left []fault.Undo) error {
	m, err := fault.OpenManifest(ManifestPath(folder))
	if err != nil {
		return err
	}
	for _, u := range left {
		err = errors.Join(err, m.Done(u.ID))
	}
	return errors.Join(err, m.Close())
}

// goneTime is how long processes that were killed may take to end.
const goneTime = 10 * time.Second

// gone waits until nothing is left of the processes of a run: what they use cannot be given back before.
func gone(run string) error {
	late := time.After(goneTime)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		left, err := fleet.Leftovers(run)
		if err != nil || len(left) == 0 {
			return err
		}
		select {
		case <-again.C:
		case <-late:
			return fmt.Errorf("processes %v do not end", left)
		}
	}
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

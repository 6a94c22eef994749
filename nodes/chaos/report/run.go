package report

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// Name is that of the file in the folder of a run.
const Name = "report.html"

// Run is all that the page is made of. Report is needed.
type Run struct {
	Report *run.Report
	// Plan is what was to be done; nil: not known.
	Plan *plan.Plan
	// History is what happened; nil: it is not known, and Missing says why.
	History *history.History
	Missing string
	// Means are what the machine that writes the page can do.
	Means []run.Means
}

// Load reads a run from its folder. A run that was given up may have no history or plan: the page then says so.
func Load(folder string) (Run, error) {
	report, err := run.ReadReport(folder)
	if err != nil {
		return Run{}, fmt.Errorf("read the run: %w", err)
	}
	r := Run{Report: report, Means: run.Doctor()}
	if p, err := plan.Read(filepath.Join(folder, "plan.json")); err == nil {
		r.Plan = p
	}
	h, err := run.LoadHistory(folder)
	if err != nil && h == nil {
		r.Missing = err.Error()
	}
	r.History = h
	return r, nil
}

// Write renders the run in a folder into the folder, and returns the path of the page.
func Write(folder string) (path string, err error) {
	r, err := Load(folder)
	if err != nil {
		return "", err
	}
	return r.Write(folder)
}

// Write renders the run into a folder, and returns the path of the page. A page that is there is replaced only by a
// whole one.
func (r Run) Write(folder string) (path string, err error) {
	path = filepath.Join(folder, Name)
	file, err := os.Create(path + ".new")
	if err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	out := bufio.NewWriterSize(file, 64<<10)
	if err := errors.Join(Render(out, r), out.Flush(), file.Close()); err != nil {
		return "", fmt.Errorf("write %s: %w", path, err)
	}
	return path, os.Rename(path+".new", path)
}

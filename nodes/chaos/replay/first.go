package replay

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/run"
)

// First is a run that was made before.
type First struct {
	Folder string
	Plan   *plan.Plan
	// Report of it; nil: its harness was killed before it wrote one.
	Report *run.Report
}

// ErrUnresolved: it is not known what the targets of the plan were.
var ErrUnresolved = errors.New("the run does not say what its targets were")

// Open reads the run in a folder. One without a report can be done again, and compared with nothing.
func Open(folder string) (*First, error) {
	p, err := plan.Read(filepath.Join(folder, "plan.json"))
	if err != nil {
		return nil, fmt.Errorf("%s is not the folder of a run: %w", folder, err)
	}
	report, err := run.ReadReport(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the run: %w", err)
	}
	return &First{Folder: folder, Plan: p, Report: report}, nil
}

// Environment is what its processes were given beside the usual.
func (f *First) Environment() []string {
	if f.Report == nil {
		return nil
	}
	return f.Report.Environment
}

// Resolved returns the plan with the targets that its entries had in that run, in place of what the plan names them. Entries
// that were left out then are left out. ErrUnresolved: the run was given up before it knew them all.
func (f *First) Resolved() (*plan.Plan, error) {
	p := *f.Plan
	p.Entries = nil
	if f.Report == nil {
		return nil, fmt.Errorf("%w: it has no report", ErrUnresolved)
	}
	for _, e := range f.Plan.Entries {
		isOf := func(id string) bool { return id == e.ID }
		if slices.ContainsFunc(f.Report.Skipped, func(s run.Skipped) bool { return isOf(s.ID) }) {
			continue
		}
		i := slices.IndexFunc(f.Report.Faults, func(fault run.Fault) bool { return isOf(fault.ID) })
		if i < 0 || strings.Trim(f.Report.Faults[i].Target, ",") == "" {
			return nil, fmt.Errorf("%w: entry %s, target %s", ErrUnresolved, e.ID, e.Target)
		}
		e.Target = f.Report.Faults[i].Target
		p.Entries = append(p.Entries, e)
	}
	return &p, p.Validate()
}

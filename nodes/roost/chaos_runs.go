package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaospage "github.com/roost-iot/roost/nodes/chaos/report"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// chaosRuns makes runs and tells what comes of them.
type chaosRuns struct {
	program
	chaosLook
	below string
	keep  bool
	json  bool
	junit string

	made []*chaos.Report
}

func (c *chaosRuns) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.below, "report", "roost-chaos", "`FOLDER` below which each run has one of its own; latest is the last")
	f.BoolVar(&c.keep, "keep", false, "keep the data of the nodes, also when all held")
	f.BoolVar(&c.json, "json", false, "write report.json of each run to the output, in a line; how it goes is at the error output")
	f.StringVar(&c.junit, "junit", "", "`FILE` for the results as JUnit writes them, a suite each run")
	_ = cmd.MarkFlagDirname("report")
	c.chaosLook.flags(cmd)
}

// chaosOne is a run that is to be made.
type chaosOne struct {
	plan   *plan.Plan
	folder string
	repro  string
	env    []string
	face   chaos.Face
}

// makeRun makes a run. What was found has not been told when it returns; the error is that of the run.
func (p program) makeRun(ctx context.Context, one chaosOne, keep bool) (*chaos.Report, error) {
	version := readVersion()
	return chaos.Run(ctx, chaos.Config{
		Plan: one.plan, Folder: one.folder, Face: one.face, Keep: keep, Repro: one.repro, Env: one.env,
		Version: version.Version, Commit: version.Commit, Tags: strings.Join(version.tags, ","),
		Judged: func(report *chaos.Report, h *history.History) { p.page(one.folder, one.plan, report, h) },
	})
}

// page makes the page of a run. Whether promises were kept does not depend on it, so it is only told if it cannot be made.
func (p program) page(folder string, of *plan.Plan, report *chaos.Report, h *history.History) {
	page := chaospage.Run{Report: report, Plan: of, History: h, Means: chaos.Doctor()}
	if h == nil {
		page.Missing = "the run did not come to its end"
	}
	if _, err := page.Write(folder); err != nil {
		fmt.Fprintf(p.Err, "roost: the run has no page: %v\n", err)
	}
}

// possible says why this machine or program cannot do what a plan says.
func possible(p *plan.Plan) error {
	for _, e := range p.Entries {
		if _, err := fault.Find(e.Fault); err != nil {
			return &exit{exitData, fmt.Errorf("entry %s of the plan: %w (see roost chaos list faults)", e.ID, err)}
		}
		if _, err := fault.Recorded(e); err != nil {
			return &exit{exitSetup, fmt.Errorf("entry %s of the plan: %w", e.ID, err)}
		}
	}
	return nil
}

// one makes a run below the folder of runs, and tells what came of it.
func (c *chaosRuns) one(ctx context.Context, one chaosOne) (*chaos.Report, error) {
	report, err := c.makeRun(ctx, one, c.keep)
	if report != nil {
		c.latest(one.folder)
	}
	return report, errors.Join(chaosOutcome(report, err), c.pass(report)) // the first gives the exit code
}

// latest has a link lead to the last run.
func (c *chaosRuns) latest(folder string) {
	link := filepath.Join(filepath.Dir(folder), chaosLatest)
	_ = os.Remove(link + ".new") // of a run that was killed
	err := os.Symlink(filepath.Base(folder), link+".new")
	if err == nil {
		err = os.Rename(link+".new", link)
	}
	if err != nil {
		fmt.Fprintf(c.Err, "roost: there is no link to the last run: %v\n", err)
	}
}

// chaosLatest is the name of the link to the last run.
const chaosLatest = "latest"

// pass writes down for other programs what came of a run.
func (c *chaosRuns) pass(report *chaos.Report) error {
	if report == nil {
		return nil
	}
	c.made = append(c.made, report)
	if c.junit != "" {
		if err := chaos.WriteJUnit(c.junit, c.made...); err != nil {
			return chaosError(err)
		}
	}
	if !c.json {
		return nil
	}
	line, err := json.Marshal(report)
	if err == nil {
		_, err = fmt.Fprintf(c.Out, "%s\n", line)
	}
	return err
}

// chaosOutcome gives a run its exit code. What was found is told elsewhere.
func chaosOutcome(report *chaos.Report, err error) error {
	switch {
	case err != nil:
		return chaosError(err)
	case report.Exit == chaos.ExitHeld:
		return nil
	}
	return &exit{code: report.Exit}
}

// worseRun returns the error with the worse exit code: a broken promise before all, then a run that could not be
// made, then what cannot be told.
func worseRun(a, b error) error {
	if runRank(b) > runRank(a) {
		return b
	}
	return a
}

// runRank is how bad it is how a run ended.
func runRank(err error) int {
	switch code := exitCode(err); code {
	case chaos.ExitHeld:
		return 0
	case chaos.ExitUnknown:
		return 1
	case chaos.ExitViolated:
		return 3
	case chaos.ExitInterrupted:
		return 4
	default:
		return 2
	}
}

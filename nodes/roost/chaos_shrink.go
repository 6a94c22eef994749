package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/replay"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
	"github.com/roost-iot/roost/nodes/chaos/shrink"
)

const chaosShrinkHelp = `Make the plan of a run that broke a promise smaller, as long as it breaks it:
leave out faults, then halve how long they are held, how many devices and
clients there are, and how long it takes. A smaller plan is kept if the same
checker is violated in one of --tries runs.

Each try is a run of half a minute or so. It ends when nothing smaller is left
to try, when --budget is spent, or with Ctrl-C, and leaves the best so far in
the folder min of the run: the last run that failed, with its plan.json, and
regression_test.go, which runs that plan.

The exit code is 0 if a smaller plan was found, 2 if none was, 3 if a run could
not be made, and 130 with Ctrl-C.`

// chaosShrinking is the folder, in that of the run, of the run that is being tried.
const chaosShrinking = "shrinking"

// errBudget: there is no time left for another run.
var errBudget = errors.New("the budget is spent")

// chaosShrink is roost chaos shrink.
type chaosShrink struct {
	program
	chaosLook
	chaosTargets
	budget  time.Duration
	tries   int
	checker string

	first    *replay.First
	env      []string
	face     *chaosFace
	deadline time.Time
	extra    time.Duration // that a run takes beyond its phases
	runs     int
}

func newChaosShrink(p program) *cobra.Command {
	c := &chaosShrink{program: p}
	cmd := &cobra.Command{
		Use: "shrink RUN-FOLDER", Short: "Find a smaller plan that breaks the same promise", Long: chaosShrinkHelp,
		Example: `  roost chaos shrink roost-chaos/latest
  roost chaos shrink roost-chaos/latest --checker C4 --budget 1h --tries 5`,
		Args: takes("RUN-FOLDER"), RunE: c.run,
	}
	f := cmd.Flags()
	f.DurationVar(&c.budget, "budget", 10*time.Minute, "how long it may take")
	f.IntVar(&c.tries, "tries", 3, "how many runs a smaller plan gets to break the promise")
	f.StringVar(&c.checker, "checker", "", "`ID` of the checker that must be violated, such as C4 (default: the first that the run violated)")
	c.chaosTargets.flags(cmd)
	c.chaosLook.flags(cmd)
	return cmd
}

func (c *chaosShrink) run(cmd *cobra.Command, args []string) error {
	p, err := c.prepare(cmd, args[0])
	if err != nil {
		return err
	}
	c.face.Say(chaosHead(p, c.env))
	c.face.Say(fmt.Sprintf("looking for a smaller plan that violates %s: %d tries each, for up to %v; it has %s", c.checker, c.tries, c.budget, shrink.Size(p)))
	c.deadline = time.Now().Add(c.budget)
	found, err := shrink.Search(cmd.Context(), p, c.fails, c.note)
	c.face.end()
	return errors.Join(c.tell(p, found, err), c.clear()) // the first gives the exit code
}

// prepare refuses what cannot be done, and returns the plan to begin with.
func (c *chaosShrink) prepare(cmd *cobra.Command, folder string) (*plan.Plan, error) {
	switch {
	case c.budget <= 0:
		return nil, usage(cmd, "--budget is %v, and not more than 0", c.budget)
	case c.tries < 1 || c.tries > 1000:
		return nil, usage(cmd, "--tries is %d, and not from 1 to 1000", c.tries)
	}
	if err := c.valid(cmd); err != nil {
		return nil, err
	}
	first, p, err := c.open(cmd, folder)
	if err != nil {
		return nil, err
	}
	c.first = first
	if c.env, err = c.chaosEnvOf(cmd, first); err != nil {
		return nil, err
	}
	if err := c.aim(cmd); err != nil {
		return nil, err
	}
	c.extra = max(0, time.Duration(first.Report.TookMS*float64(time.Millisecond))-phasesOf(first.Plan))
	c.face = c.chaosLook.face(c.program, false)
	return p, c.clear()
}

// aim finds out which checker is to be violated.
func (c *chaosShrink) aim(cmd *cobra.Command) error {
	if c.first.Report == nil {
		return usage(cmd, "the run in %s has no report, so it is not known what it broke", c.first.Folder)
	}
	broken := violated(c.first.Report)
	switch {
	case len(broken) == 0:
		return usage(cmd, "%s broke no promise, so there is nothing to look for", c.first.Folder)
	case c.checker == "":
		c.checker = broken[0]
	case !slices.Contains(broken, c.checker):
		return usage(cmd, "--checker %.10q was not violated in the run; %s was", c.checker, strings.Join(broken, ", "))
	}
	return nil
}

// clear removes the run that was tried, once all is undone that it has left: its manifest is in the folder.
func (c *chaosShrink) clear() error {
	if _, err := os.Stat(chaos.ManifestPath(c.trying())); !errors.Is(err, os.ErrNotExist) { // without one nothing was begun
		if _, err := chaos.Cleanup(c.trying()); err != nil {
			return chaosError(err)
		}
	}
	return chaosError(os.RemoveAll(c.trying()))
}

// trying is the folder of the run that is being tried, and smallest that of the last that failed.
func (c *chaosShrink) trying() string   { return filepath.Join(c.first.Folder, chaosShrinking) }
func (c *chaosShrink) smallest() string { return filepath.Join(c.first.Folder, "min") }

func phasesOf(p *plan.Plan) time.Duration {
	return p.Settings.Quiet.Std() + p.Settings.Duration.Std() + p.Settings.Liveness.Std()
}

// fails runs a plan until the checker is violated, as often as there are tries.
func (c *chaosShrink) fails(ctx context.Context, p *plan.Plan) (bool, error) {
	for try := range c.tries {
		if time.Until(c.deadline) < phasesOf(p)+c.extra {
			return false, errBudget
		}
		c.runs++
		face := &briefFace{c.face, fmt.Sprintf("run %d, try %d/%d of %s: ", c.runs, try+1, c.tries, shrink.Size(p))}
		report, err := c.bounded(ctx, chaosOne{plan: p, folder: c.trying(), repro: reproPlan(c.smallest(), c.env), env: c.env, face: face})
		if err != nil {
			return false, err
		}
		if slices.Contains(violated(report), c.checker) {
			return true, c.keep()
		}
		if err := c.clear(); err != nil {
			return false, err
		}
	}
	return false, nil
}

// bounded makes a run that ends when the budget does.
func (c *chaosShrink) bounded(ctx context.Context, one chaosOne) (*chaos.Report, error) {
	within, cancel := context.WithDeadline(ctx, c.deadline)
	defer cancel()
	report, err := c.makeRun(within, one, false)
	if err != nil && ctx.Err() == nil && within.Err() != nil {
		return nil, errBudget
	}
	return report, err
}

// keep keeps the run that has failed in place of the one before it.
func (c *chaosShrink) keep() error {
	if err := os.RemoveAll(c.smallest()); err != nil {
		return err
	}
	return os.Rename(c.trying(), c.smallest())
}

func (c *chaosShrink) note(s shrink.Step) {
	verdict := "does not violate " + c.checker
	if s.Failed {
		verdict = "violates " + c.checker + ", and is kept"
	}
	c.face.Say(fmt.Sprintf("%d. %s: %s  (%s)", s.Number, s.What, verdict, shrink.Size(s.Plan)))
}

// tell tells what was found, and gives it its exit code.
func (c *chaosShrink) tell(p *plan.Plan, found shrink.Result, err error) error {
	end := "nothing smaller is left to try"
	switch {
	case errors.Is(err, errBudget):
		end, err = fmt.Sprintf("the budget of %v is spent", c.budget), nil
	case err != nil:
		end = "it was ended"
	}
	fmt.Fprintf(c.Out, "\n%d plans tried in %d runs, %d of them violate %s; %s\n", found.Tried, c.runs, found.Failed, c.checker, end)
	if found.Failed == 0 {
		fmt.Fprintf(c.Out, "No smaller plan was found. How often this one does it: roost chaos replay --times 10 %s\n", quoted(c.first.Folder))
		if err == nil {
			return &exit{code: chaos.ExitUnknown}
		}
		return chaosError(err)
	}
	test := filepath.Join(c.smallest(), "regression_test.go")
	stub := shrink.Test{Plan: found.Plan, Checker: c.checker, Env: c.env, Tries: c.tries}
	err = errors.Join(chaosError(err), os.WriteFile(test, stub.Source(), 0o644))
	fmt.Fprintf(c.Out, "before: %s\nnow:    %s\nrun:    %s\ntest:   %s\nagain:  %s\nseed %d\n",
		shrink.Size(p), shrink.Size(found.Plan), c.smallest(), test, reproPlan(c.smallest(), c.env), p.Seed)
	return err
}

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosRunHelp = `Run a scenario, some faults, or a plan, and judge it. The seed draws the plan
and the load: the same seed breaks the same things at the same times. Without
one, some seed is taken, and told first and last.

--scenario has a name for what goes wrong together (roost chaos list), --faults
is a choice of your own (roost chaos list faults), and --plan is a file that
roost chaos plan --json has written, or a run before (plan.json in its folder).

While it goes on it says which faults are there, how many devices are served,
how commands fare, who owns how many devices, and for how long one gave nothing
at most. Violations that are certain are told at once, the others at the end.

A run takes its quiet phase, the duration, the time to be as before, and a
little: about half a minute more than --duration. It leaves a folder below the
one that --report names.`

// chaosRun is roost chaos run.
type chaosRun struct {
	chaosRuns
	chaosSettings
	seeds     string
	failFast  bool
	untilFail int
	env       []string
}

func newChaosRun(p program) *cobra.Command {
	c := &chaosRun{chaosRuns: chaosRuns{program: p}}
	cmd := &cobra.Command{
		Use: "run --scenario NAME", Short: "Break a fleet by a scenario, and judge it", Long: chaosRunHelp,
		Example: `  roost chaos run --scenario kill --seed 42 --duration 60s
  roost chaos run --scenario pause --seeds 1..20 --duration 20s
  roost chaos run --faults kill,pause,partition --targets one,majority
  roost chaos run --plan plan.json`,
		Args: takes(), ValidArgsFunction: cobra.NoFileCompletions, RunE: c.run,
	}
	c.chaosSettings.flags(cmd)
	c.chaosRuns.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&c.seeds, "seeds", "", "`FROM..TO`: a run for each of these seeds")
	f.StringArrayVar(&c.env, "env", nil, "`NAME=VALUE` for the environment of hubs, gateways and hardware; may be given again")
	f.BoolVar(&c.failFast, "fail-fast", false, "with several runs: stop at the first that does not pass")
	f.IntVar(&c.untilFail, "until-fail", 0, "up to `N` runs with seeds that follow each other, until one does not pass")
	return cmd
}

func (c *chaosRun) run(cmd *cobra.Command, _ []string) error {
	seeds, err := c.each(cmd)
	if err != nil {
		return err
	}
	worst := error(nil)
	var all chaosCampaign
	for _, seed := range seeds {
		report, err := c.one(cmd, seed)
		all.add(report)
		worst = worseRun(worst, err)
		if err != nil && (report == nil || c.failFast || c.untilFail > 0) || cmd.Context().Err() != nil {
			break
		}
	}
	if len(seeds) > 1 && !c.json {
		all.tell(c.Out)
	}
	return worseRun(worst, all.outcome())
}

// each returns the seeds to run.
func (c *chaosRun) each(cmd *cobra.Command) ([]uint64, error) {
	if err := c.valid(cmd); err != nil {
		return nil, err
	}
	if err := c.chaosEnv(cmd, c.env); err != nil {
		return nil, err
	}
	first, last := c.someSeed(cmd), uint64(0)
	switch {
	case c.seeds != "" && c.file != "":
		return nil, usage(cmd, "--plan FILE has its seed, so --seeds cannot be given")
	case c.untilFail < 0 || c.untilFail > 10_000:
		return nil, usage(cmd, "--until-fail is %d, and not from 1 to 10000", c.untilFail)
	case c.seeds != "":
		from, to, ok := strings.Cut(c.seeds, "..")
		var err1, err2 error
		first, err1 = strconv.ParseUint(from, 10, 64)
		last, err2 = strconv.ParseUint(to, 10, 64)
		if !ok || err1 != nil || err2 != nil || last < first || last-first >= 10_000 {
			return nil, usage(cmd, "--seeds %q is not such as 1..20", c.seeds)
		}
	case c.untilFail > 0:
		last = first + uint64(c.untilFail) - 1
	default:
		last = first
	}
	var seeds []uint64
	for seed := first; seed <= last; seed++ {
		seeds = append(seeds, seed)
	}
	return seeds, nil
}

// one makes one run.
func (c *chaosRun) one(cmd *cobra.Command, seed uint64) (*chaos.Report, error) {
	p, err := c.draw(cmd, seed)
	if err != nil {
		return nil, err
	}
	if err := possible(p); err != nil {
		return nil, err
	}
	below, err := filepath.Abs(c.below)
	if err != nil {
		return nil, chaosError(err)
	}
	face := c.face(c.program, c.json)
	face.Say(chaosHead(p, c.env))
	one := chaosOne{plan: p, folder: chaos.Folder(below, p, time.Now()), env: c.env, face: face}
	one.repro = c.repro(cmd, p.Seed, one)
	report, err := c.chaosRuns.one(cmd.Context(), one)
	face.end()
	return report, errors.Join(err, c.tell(report, one.folder)) // the first gives the exit code
}

// tell tells what came of a run.
func (c *chaosRun) tell(report *chaos.Report, folder string) error {
	if report == nil || c.json {
		return nil
	}
	fmt.Fprintf(c.Out, "\nreport: %s\n", folder)
	return report.Summary(c.screenOf(c.program, c.Out))
}

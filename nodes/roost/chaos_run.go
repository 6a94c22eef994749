package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosRunHelp = `Run a scenario, or a plan, and judge it. The seed draws the plan and the load:
the same seed breaks the same things at the same times. Without one, some seed
is taken, and told first and last.

A run takes its quiet phase, the duration, the time to be as before, and a
little: about half a minute more than --duration. It leaves a folder below the
one that --report names.`

// chaosRun is roost chaos run.
type chaosRun struct {
	program
	chaosSettings
	below     string
	seeds     string
	failFast  bool
	untilFail int
	keep      bool
	json      bool
	junit     string
	progress  string
}

func newChaosRun(p program) *cobra.Command {
	c := &chaosRun{program: p}
	cmd := &cobra.Command{
		Use: "run --scenario NAME", Short: "Break a fleet by a scenario, and judge it", Long: chaosRunHelp,
		Example: `  roost chaos run --scenario kill --seed 42 --duration 60s
  roost chaos run --scenario pause --seeds 1..20 --duration 20s
  roost chaos run --plan plan.json`,
		Args: takes(), ValidArgsFunction: cobra.NoFileCompletions, RunE: c.run,
	}
	c.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&c.below, "report", "roost-chaos", "`FOLDER` below which each run has one of its own")
	f.StringVar(&c.seeds, "seeds", "", "`FROM..TO`: a run for each of these seeds")
	f.BoolVar(&c.failFast, "fail-fast", false, "with several runs: stop at the first that does not pass")
	f.IntVar(&c.untilFail, "until-fail", 0, "up to `N` runs with seeds that follow each other, until one does not pass")
	f.BoolVar(&c.keep, "keep", false, "keep the data of the nodes, also when all held")
	f.BoolVar(&c.json, "json", false, "write the report to the output, a line each run; how it goes to the error output")
	f.StringVar(&c.junit, "junit", "", "`FILE` for the result as JUnit writes it; with several runs, the last")
	f.StringVar(&c.progress, "progress", "auto", "how it goes: auto, plain or none")
	_ = cmd.MarkFlagDirname("report")
	_ = cmd.RegisterFlagCompletionFunc("progress", cobra.FixedCompletions([]string{"auto", "plain", "none"}, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
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

// each returns the seeds to run.
func (c *chaosRun) each(cmd *cobra.Command) ([]uint64, error) {
	switch c.progress {
	case "auto", "plain", "none":
	default:
		return nil, usage(cmd, "--progress %q is not auto, plain or none", c.progress)
	}
	first, last := c.someSeed(cmd), uint64(0)
	switch {
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
	if c.file != "" {
		seed = p.Seed
	}
	below, err := filepath.Abs(c.below)
	if err != nil {
		return nil, chaosError(err)
	}
	folder := chaos.Folder(below, p, time.Now())
	face := c.face()
	face.Say(chaosHead(p))
	version := readVersion()
	report, err := chaos.Run(cmd.Context(), chaos.Config{
		Plan: p, Folder: folder, Face: face, Keep: c.keep, Repro: c.repro(cmd, seed), Version: version.Version, Commit: version.Commit,
	})
	face.end()
	if report != nil {
		c.page(folder)
	}
	return report, errors.Join(c.outcome(report, err), c.tell(report, folder)) // the first gives the exit code
}

// chaosHead says what is run.
func chaosHead(p *plan.Plan) string {
	return fmt.Sprintf("seed %d  scenario %s  plan %s  %d faults", p.Seed, p.Scenario, p.Digest(), len(p.Entries))
}

// tell tells what came of a run.
func (c *chaosRun) tell(report *chaos.Report, folder string) error {
	if report == nil {
		return nil
	}
	if c.junit != "" {
		if err := report.WriteJUnit(c.junit); err != nil {
			return chaosError(err)
		}
	}
	if c.json {
		line, err := json.Marshal(report)
		if err == nil {
			_, err = fmt.Fprintf(c.Out, "%s\n", line)
		}
		return err
	}
	fmt.Fprintf(c.Out, "\nreport: %s\n", folder)
	return report.Summary(c.Out)
}

// outcome gives a run its exit code. What was found has been told.
func (c *chaosRun) outcome(report *chaos.Report, err error) error {
	switch {
	case err != nil:
		return chaosError(err)
	case report.Exit == chaos.ExitHeld:
		return nil
	}
	return &exit{code: report.Exit}
}

// face returns where a run tells how it goes.
func (c *chaosRun) face() *chaosFace {
	out := c.Out
	if c.json {
		out = c.Err
	}
	screen := c.screen()
	return &chaosFace{out: out, live: c.progress == "auto" && !c.json && screen.Terminal, none: c.progress == "none", width: screen.Width}
}

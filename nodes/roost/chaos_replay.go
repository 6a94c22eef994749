package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/chaos/replay"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosReplayHelp = `Do a run again: the same plan, load and environment. What the operating system
does in between is not the same, so whether a broken promise shows again is
measured: with --times 10 it says such as

  violated C4 in 7/10  (at most once); violated in the first run

The plan names some targets by what they are, such as owner(rig-7). They are
looked for anew, which is --symbolic, or are the very gateways, hubs and
devices that the first run has found, with --resolved.

The exit code is that of the worst run: 1 if any has broken a promise, 3 if one
could not be made, 2 if one cannot tell, and 0 if all of them passed. Ctrl-C
undoes all, tells what was measured until then, and exits with 130.`

// chaosReplay is roost chaos replay.
type chaosReplay struct {
	chaosRuns
	chaosTargets
	times int
}

func newChaosReplay(p program) *cobra.Command {
	c := &chaosReplay{chaosRuns: chaosRuns{program: p}}
	cmd := &cobra.Command{
		Use: "replay RUN-FOLDER", Short: "Do a run again, and measure how often it comes out as it did", Long: chaosReplayHelp,
		Example: `  roost chaos replay roost-chaos/latest
  roost chaos replay roost-chaos/latest --times 10 --resolved`,
		Args: takes("RUN-FOLDER"), RunE: c.run,
	}
	cmd.Flags().IntVar(&c.times, "times", 1, "how many runs to make")
	c.chaosTargets.flags(cmd)
	c.chaosRuns.flags(cmd)
	return cmd
}

// chaosTargets are the flags that say what a run that is done again is done to.
type chaosTargets struct{ resolved, symbolic bool }

func (t *chaosTargets) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&t.symbolic, "symbolic", false, "look for targets anew, as the plan names them (the default)")
	cmd.Flags().BoolVar(&t.resolved, "resolved", false, "hit what the first run has hit")
}

// open reads the run that is to be done again, and returns it with the plan to do.
func (t *chaosTargets) open(cmd *cobra.Command, folder string) (*replay.First, *plan.Plan, error) {
	if t.resolved && t.symbolic {
		return nil, nil, usage(cmd, "either --resolved or --symbolic")
	}
	if real, err := filepath.EvalSymlinks(folder); err == nil { // "latest" will soon lead elsewhere
		folder = real
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, nil, chaosError(err)
	}
	return t.read(folder)
}

func (t *chaosTargets) read(folder string) (*replay.First, *plan.Plan, error) {
	first, err := replay.Open(folder)
	if err != nil {
		return nil, nil, chaosError(err)
	}
	p := first.Plan
	if t.resolved {
		if p, err = first.Resolved(); err != nil {
			return nil, nil, chaosError(fmt.Errorf("%w; without --resolved they are looked for anew", err))
		}
	}
	return first, p, possible(p)
}

func (c *chaosReplay) run(cmd *cobra.Command, args []string) error {
	if c.times < 1 || c.times > 10_000 {
		return usage(cmd, "--times is %d, and not from 1 to 10000", c.times)
	}
	if err := c.valid(cmd); err != nil {
		return err
	}
	first, p, err := c.open(cmd, args[0])
	if err != nil {
		return err
	}
	env, err := c.chaosEnvOf(cmd, first)
	if err != nil {
		return err
	}
	face := c.face(c.program, c.json)
	face.Say(chaosHead(p, env))
	face.Say("the first run: " + firstVerdict(first.Report))
	rate, worst := c.measure(cmd, p, env, face)
	face.end()
	for _, line := range rate.Lines(first.Report) {
		face.Say(line)
	}
	return worst
}

// measure makes the runs, and tells after each how it is so far.
func (c *chaosReplay) measure(cmd *cobra.Command, p *plan.Plan, env []string, face *chaosFace) (rate replay.Rate, worst error) {
	for i := range c.times {
		report, folder, err := c.again(cmd, p, env, c.faceOf(face, i+1))
		face.end()
		worst = worseRun(worst, err)
		if cmd.Context().Err() != nil {
			face.Say(fmt.Sprintf("%d/%d %v", i+1, c.times, cmp.Or(err, chaos.ErrInterrupted)))
			return rate, worst
		}
		rate.Add(report)
		switch {
		case report == nil:
			face.Say(fmt.Sprintf("%d/%d %v", i+1, c.times, err))
			return rate, worst
		case c.times == 1 && !c.json:
			fmt.Fprintf(c.Out, "\nreport: %s\n", folder)
			if err := report.Summary(c.screenOf(c.program, c.Out)); err != nil {
				return rate, err
			}
			fmt.Fprintln(c.Out)
		default:
			face.Say(fmt.Sprintf("%d/%d %s  (%s so far)  %s", i+1, c.times, firstVerdict(report), rate.Brief(), folder))
		}
	}
	return rate, worst
}

// faceOf is what sees the n-th run: of several, only how it stands.
func (c *chaosReplay) faceOf(face *chaosFace, n int) chaos.Face {
	if c.times == 1 {
		return face
	}
	return &briefFace{face, fmt.Sprintf("%d/%d ", n, c.times)}
}

// again makes one run.
func (c *chaosReplay) again(cmd *cobra.Command, p *plan.Plan, env []string, face chaos.Face) (*chaos.Report, string, error) {
	below, err := filepath.Abs(c.below)
	if err != nil {
		return nil, "", chaosError(err)
	}
	folder := chaos.Folder(below, p, time.Now())
	report, err := c.one(cmd.Context(), chaosOne{plan: p, folder: folder, repro: reproPlan(folder, env), env: env, face: face})
	return report, folder, err
}

// reproPlan is the command line that does a run again whose plan is in its folder.
func reproPlan(folder string, env []string) string {
	words := append([]string{"roost chaos run"}, envWords(env)...)
	return strings.Join(append(words, "--plan", quoted(filepath.Join(folder, "plan.json"))), " ")
}

// firstVerdict tells what came of a run: "violated C4, C8", "held".
func firstVerdict(report *chaos.Report) string {
	if report == nil {
		return "not known, it has no report"
	}
	var ids []string
	for _, c := range report.Checkers {
		if c.Verdict == report.Verdict && c.Verdict != check.Held {
			ids = append(ids, c.ID)
		}
	}
	return strings.TrimSpace(string(report.Verdict) + " " + strings.Join(ids, ", "))
}

// violated returns the ids of the checkers that a run violated.
func violated(report *chaos.Report) []string {
	var ids []string
	for _, c := range report.Checkers {
		if c.Verdict == check.Violated {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

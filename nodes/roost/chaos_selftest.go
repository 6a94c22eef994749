package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/history"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
	"github.com/roost-iot/roost/nodes/chaos/selftest"
)

const chaosSelftestHelp = `Show that the checkers of chaos can fail: break the program on purpose, in one
way after the other, and demand that a run under faults notices; and that the
program as it is, under the same faults, is not accused.

The ways to break it are compiled in by a tag only:

  go build -tags mutants,failpoints -o roost ./nodes/roost
  ./roost chaos selftest --quick

Each mutant has up to five runs of some 40 s, until it is caught. Exit codes:

    0  all were caught, and the clean build was not accused
    1  a mutant was missed, or the clean build was accused
    2  it cannot be told: a mutant never acted, or a run proves nothing
    3  the program has no mutants, or the runs could not be made
  130  interrupted; all was undone`

// chaosSelftest is roost chaos selftest.
type chaosSelftest struct {
	program
	chaosLook
	quick    bool
	names    []string
	seeds    int
	duration time.Duration
	json     bool
	below    string
}

func newChaosSelftest(p program) *cobra.Command {
	c := &chaosSelftest{program: p}
	cmd := &cobra.Command{
		Use: "selftest", Short: "Break the program itself, and demand that chaos notices", Long: chaosSelftestHelp,
		Args: takes(), ValidArgsFunction: cobra.NoFileCompletions, RunE: c.run,
	}
	f := cmd.Flags()
	f.BoolVar(&c.quick, "quick", false, "a few mutants only")
	f.StringSliceVar(&c.names, "mutants", nil, "`NAMES` of mutants, with commas; default all")
	f.IntVar(&c.seeds, "seeds", 0, "`N` seeds for each mutant at most (default: as many as it has)")
	f.DurationVar(&c.duration, "duration", 0, "how long things are broken in each run (default: as each mutant needs)")
	f.BoolVar(&c.json, "json", false, "write the matrix to the output; how it goes to the error output")
	f.StringVar(&c.below, "report", "roost-chaos", "`FOLDER` below which each self-test has one of its own")
	c.chaosLook.flags(cmd)
	_ = cmd.MarkFlagDirname("report") // the flag is there, as are these
	_ = cmd.RegisterFlagCompletionFunc("mutants", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, m := range selftest.Mutants() {
			names = append(names, m.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

func (c *chaosSelftest) run(cmd *cobra.Command, _ []string) error {
	mutants, err := c.chosen(cmd)
	if err != nil {
		return err
	}
	if reason := noMutants(); reason != "" {
		return &exit{exitSetup, errors.New(reason)}
	}
	below, err := filepath.Abs(c.below)
	if err != nil {
		return chaosError(err)
	}
	face := c.face(c.program, c.json)
	folder := filepath.Join(below, time.Now().UTC().Format("20060102T150405")+"-selftest")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return chaosError(err)
	}
	version := readVersion()
	matrix, err := selftest.Run(cmd.Context(), selftest.Config{
		Mutants: mutants, Seeds: c.seeds, Duration: c.duration, Folder: folder, Face: face, Version: version.Version, Commit: version.Commit,
		Run: func(ctx context.Context, cfg chaos.Config) (*chaos.Report, error) {
			cfg.Tags = strings.Join(version.tags, ",")
			cfg.Judged = func(report *chaos.Report, h *history.History) { c.page(cfg.Folder, cfg.Plan, report, h) }
			report, err := chaos.Run(ctx, cfg)
			face.end()
			return report, err
		},
	})
	face.end()
	if err := errors.Join(err, c.tell(matrix, folder)); err != nil { // the first gives the exit code
		return chaosError(err)
	}
	if code := matrix.Exit(); code != exitOK {
		return &exit{code: code}
	}
	return nil
}

// chosen returns the mutants to try. What is wrong about the command line is found here.
func (c *chaosSelftest) chosen(cmd *cobra.Command) ([]selftest.Mutant, error) {
	if err := c.valid(cmd); err != nil {
		return nil, err
	}
	switch {
	case c.seeds < 0 || c.seeds > selftest.MostSeeds || c.seeds == 0 && cmd.Flags().Changed("seeds"):
		return nil, usage(cmd, "--seeds %d is not from 1 to %d", c.seeds, selftest.MostSeeds)
	case cmd.Flags().Changed("duration") && (c.duration < time.Second || c.duration > time.Hour):
		return nil, usage(cmd, "--duration %v is not from 1s to 1h", c.duration)
	case c.quick && cmd.Flags().Changed("mutants"):
		return nil, usage(cmd, "either --quick or --mutants")
	case c.Getenv(selftest.Env) != "":
		return nil, usage(cmd, "%s is set, so this very process is broken: unset it", selftest.Env)
	}
	all := selftest.Mutants()
	switch {
	case cmd.Flags().Changed("mutants"):
		some, err := selftest.Pick(all, c.names)
		if err == nil && len(some) == 0 {
			err = errors.New("it names none")
		}
		if err != nil {
			return nil, usage(cmd, "--mutants: %v", err)
		}
		return some, nil
	case c.quick:
		return selftest.Quick(all), nil
	}
	return all, nil
}

// tell tells what came of it, and leaves it in the folder.
func (c *chaosSelftest) tell(matrix *selftest.Matrix, folder string) error {
	text, err := json.MarshalIndent(matrix, "", " ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if err := os.WriteFile(filepath.Join(folder, "selftest.json"), text, 0o644); err != nil {
		return err
	}
	if c.json {
		_, err := c.Out.Write(text)
		return err
	}
	fmt.Fprintf(c.Out, "\nreport: %s\n", folder)
	return matrix.Summary(c.Out)
}

// noMutants is why the program cannot be broken on purpose; empty: it can.
func noMutants() string {
	if !withMutants {
		return "this program has no mutants compiled in: build one that has, with go build -tags mutants,failpoints -o roost ./nodes/roost"
	}
	return ""
}

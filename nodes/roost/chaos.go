package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosHelp = `Start a fleet of its own on this machine - a hub, gateways and simulated
hardware, each a process of this very program - break it by a plan while
commands are sent and readings are read, and judge by what the hardware itself
wrote down whether all promises were kept.

  roost chaos run --scenario kill --seed 42 --duration 60s
  roost chaos list
  roost chaos doctor
  roost chaos plan --scenario mayhem --seed 7

It needs no rights, but for power cuts, dead disks and network namespaces; what
this machine can do is told by doctor. It touches no fleet that is there, and
leaves a folder with the report (report.html is the page), the history and the
logs. The exit code of a run is

    0  all promises were kept, and the run has tried what it was to try
    1  a promise was broken: the report names records, and how to do it again
    2  it cannot be told, such as for a fault that did not take
    3  the run could not be made, or not all of it undone
   64  the command line is wrong (65: the plan's file); nothing was touched
  130  interrupted; all was undone`

// newChaos is roost chaos.
func newChaos(p program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "chaos", GroupID: groupRun, Short: "Break a fleet of its own on purpose, and judge it", Long: chaosHelp,
		Args: cobra.ArbitraryArgs, RunE: group,
	}
	cmd.AddCommand(newChaosRun(p), newChaosReplay(p), newChaosShrink(p), newChaosPlan(p), newChaosList(p), newChaosDoctor(p),
		newChaosCheck(p), newChaosReport(p), newChaosSelftest(p), newChaosCleanup(p))
	return cmd
}

// exitSetup: a run could not be made.
const exitSetup = chaos.ExitSetup

// chaosError gives an error of plan or run its exit code.
func chaosError(err error) error {
	var known *exit
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, chaos.ErrLeft):
		return &exit{exitSetup, err}
	case errors.Is(err, chaos.ErrInterrupted):
		return &exit{exitInterrupted, err}
	case errors.Is(err, plan.ErrUnknown):
		return &exit{exitUsage, fmt.Errorf("%w (see roost chaos list)", err)}
	case errors.Is(err, plan.ErrUnfit):
		return &exit{exitUsage, err}
	}
	return &exit{exitSetup, err}
}

package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosCheckHelp = `Judge a run again that was made before, from the history in its folder: after
checkers have changed, or to see the summary once more. It writes report.json
and report.html anew, runs nothing, and has the exit code of the run: 0, 1 or
2, and 3 if the folder has no run that can be judged.`

// newChaosCheck is roost chaos check: the checkers once more.
func newChaosCheck(p program) *cobra.Command {
	return &cobra.Command{
		Use: "check RUN-FOLDER", Short: "Judge a run again that was made before", Long: chaosCheckHelp, Args: takes("RUN-FOLDER"),
		RunE: func(_ *cobra.Command, args []string) error {
			report, h, err := chaos.Rejudge(args[0])
			if err != nil {
				return chaosError(err)
			}
			of, _ := plan.Read(filepath.Join(args[0], "plan.json")) // a run may have been given up before it had one
			p.page(args[0], of, report, h)
			if err := report.Summary(p.screen()); err != nil || report.Exit == chaos.ExitHeld {
				return err
			}
			return &exit{code: report.Exit}
		},
	}
}

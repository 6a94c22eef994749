package main

import (
	"fmt"

	"github.com/spf13/cobra"

	chaospage "github.com/roost-iot/roost/nodes/chaos/report"
)

const chaosReportHelp = `Make report.html of a run that was made before, from what is in its folder:
report.json, plan.json and the history. It judges nothing; roost chaos check
does. The page is one file that needs no network, so it can be sent to others.`

// newChaosReport is roost chaos report: the page of a run once more.
func newChaosReport(p program) *cobra.Command {
	return &cobra.Command{
		Use: "report RUN-FOLDER", Short: "Make the page of a run again that was made before", Long: chaosReportHelp, Args: takes("RUN-FOLDER"),
		RunE: func(_ *cobra.Command, args []string) error {
			path, err := chaospage.Write(args[0])
			if err == nil {
				_, err = fmt.Fprintln(p.Out, path)
			}
			return chaosError(err)
		},
	}
}

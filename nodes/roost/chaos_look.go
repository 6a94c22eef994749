package main

import (
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

// newChaosPlan is roost chaos plan: what a run would do.
func newChaosPlan(p program) *cobra.Command {
	s := &chaosSettings{}
	asJSON := false
	cmd := &cobra.Command{
		Use: "plan --scenario NAME", Short: "Show what a run would do, and do nothing",
		Args: takes(), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			drawn, err := s.draw(cmd, s.someSeed(cmd))
			if err != nil {
				return err
			}
			if asJSON {
				_, err := p.Out.Write(drawn.JSON())
				return err
			}
			return showPlan(p, drawn)
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "as plan.json, which roost chaos run --plan takes")
	return cmd
}

func showPlan(p program, drawn *plan.Plan) error {
	s := drawn.Settings
	fmt.Fprintln(p.Out, chaosHead(drawn, nil))
	fmt.Fprintf(p.Out, "%d hubs, %d gateways, %d %s devices, lease %v; %d clients, %v commands a second\n\n",
		s.Hubs, s.Gateways, s.Devices, s.Mode, s.Lease, s.Clients, s.Rate)
	table := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tAT\tON\tHOLD\tFAULT\tTARGET\tPARAMETERS")
	for _, e := range drawn.Entries {
		fmt.Fprintf(table, "%s\t%v\t%v\t%v\t%s\t%s\t%s\n", e.ID, e.At, e.On, e.Hold, e.Fault, e.Target, e.Params)
	}
	return table.Flush()
}

// newChaosList is roost chaos list: what there is.
func newChaosList(p program) *cobra.Command {
	lists := map[string]func(*tabwriter.Writer){"scenarios": listScenarios, "faults": listFaults, "checkers": listCheckers}
	return &cobra.Command{
		Use: "list [scenarios|faults|checkers]", Short: "List what there is to break, and what is judged",
		Args: takes("[scenarios|faults|checkers]"), ValidArgs: []string{"scenarios", "faults", "checkers"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"scenarios"}
			}
			list := lists[args[0]]
			if list == nil {
				return usage(cmd, "%.40q is not scenarios, faults or checkers", args[0])
			}
			table := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
			list(table)
			return table.Flush()
		},
	}
}

func missing(reason string) string {
	if reason == "" {
		return "yes"
	}
	return "no: " + reason
}

func listScenarios(table *tabwriter.Writer) {
	fmt.Fprintln(table, "SCENARIO\tWHAT HAPPENS\tAVAILABLE")
	for _, s := range plan.Scenarios() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.About, missing(chaos.Missing(s)))
	}
}

func listFaults(table *tabwriter.Writer) {
	fmt.Fprintln(table, "FAULT\tWHAT HAPPENS\tAVAILABLE")
	for _, k := range fault.Kinds() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", k.Name, k.About, missing(k.Missing))
	}
}

func listCheckers(table *tabwriter.Writer) {
	fmt.Fprintln(table, "ID\tPROMISE")
	for _, c := range check.Checkers() {
		fmt.Fprintf(table, "%s\t%s\n", c.ID, c.Name)
	}
}

// newChaosDoctor is roost chaos doctor: what this machine can do.
func newChaosDoctor(p program) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say what this machine can do, and why not", Args: takes(), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
			for _, one := range chaos.Doctor() {
				fmt.Fprintf(table, "%s\t%s\n", one.Name, missing(one.Missing))
			}
			if err := table.Flush(); err != nil {
				return err
			}
			fmt.Fprintln(p.Out)
			listFaults(table)
			return table.Flush()
		},
	}
}

// newChaosCheck is roost chaos check: the checkers once more.
func newChaosCheck(p program) *cobra.Command {
	return &cobra.Command{
		Use: "check RUN-FOLDER", Short: "Judge a run again that was made before", Args: takes("RUN-FOLDER"),
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

// newChaosCleanup is roost chaos cleanup: what a crash has left.
func newChaosCleanup(p program) *cobra.Command {
	all := false
	below := ""
	cmd := &cobra.Command{
		Use: "cleanup [RUN-FOLDER]", Short: "Undo what a run has left behind whose harness was killed", Args: takes("[RUN-FOLDER]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return usage(cmd, "either RUN-FOLDER or --all")
			}
			if all {
				found, err := filepath.Glob(chaos.ManifestPath(filepath.Join(below, "*")))
				if err != nil {
					return chaosError(err)
				}
				shrinking, err := filepath.Glob(chaos.ManifestPath(filepath.Join(below, "*", chaosShrinking)))
				if err != nil {
					return chaosError(err)
				}
				found = append(found, shrinking...)
				for _, manifest := range found {
					if folder := filepath.Dir(manifest); filepath.Base(folder) != chaosLatest { // a link to another one
						args = append(args, folder)
					}
				}
			}
			for _, folder := range args {
				if err := cleanUp(p, folder); err != nil {
					return chaosError(err)
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all runs below --report")
	cmd.Flags().StringVar(&below, "report", "roost-chaos", "`FOLDER` below which runs have theirs")
	return cmd
}

func cleanUp(p program, folder string) error {
	if _, err := os.Stat(folder); err != nil {
		return err
	}
	done, err := chaos.Cleanup(folder)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Out, "%s: %d things were left, %d processes killed, %d folders removed\n", folder, len(done.Left), done.Killed, len(done.Removed))
	return err
}

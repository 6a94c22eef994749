package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/fault"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	chaos "github.com/roost-iot/roost/nodes/chaos/run"
)

const chaosPlanHelp = `Show what a run would do, and do nothing: which fault begins when (AT, from the
begin of the phase of faults) or at what (ON), for how long it is held (HOLD),
and whom it hits. Targets such as owner(rig-7) are found when their time comes.

With --json it is a plan that can be changed by hand, and that roost chaos run
--plan takes. A scenario that this program cannot run is not drawn.`

const chaosListHelp = `List the scenarios, which are what goes wrong together; the faults that they are
made of; or the checkers, which are the promises that are judged. HERE tells
whether this program can do it on this machine, and why not.`

const chaosDoctorHelp = `Say what this program can do on this machine, by trying it in the smallest way,
and why it cannot do the rest. Most scenarios need nothing; some need root on
Linux, disk-full a kernel that lets users have namespaces of their own, and some
a program that is built with the tag failpoints. It exits with 0 whatever is
missing.`

// newChaosPlan is roost chaos plan: what a run would do.
func newChaosPlan(p program) *cobra.Command {
	s := &chaosSettings{}
	asJSON := false
	cmd := &cobra.Command{
		Use: "plan --scenario NAME", Short: "Show what a run would do, and do nothing", Long: chaosPlanHelp,
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
	fmt.Fprintf(p.Out, "%s devices, read every %v; lease %v; %s, %v commands a second\n", s.Mode, s.Period, s.Lease, plan.Count(s.Clients, "client"), s.Rate)
	if len(drawn.Entries) == 0 {
		_, err := fmt.Fprintln(p.Out, "nothing is broken")
		return err
	}
	fmt.Fprintln(p.Out)
	table := tabwriter.NewWriter(p.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tAT\tON\tHOLD\tFAULT\tTARGET\tPARAMETERS")
	for _, e := range drawn.Entries {
		fmt.Fprintf(table, "%s\t%v\t%v\t%v\t%s\t%s\t%s\n", e.ID, e.At, e.On, e.Hold, e.Fault, e.Target, e.Params)
	}
	return table.Flush()
}

// newChaosList is roost chaos list: what there is.
func newChaosList(p program) *cobra.Command {
	lists := map[string]func(io.Writer) error{"scenarios": listScenarios, "faults": listFaults, "checkers": listCheckers}
	return &cobra.Command{
		Use: "list [scenarios|faults|checkers]", Short: "List what there is to break, and what is judged", Long: chaosListHelp,
		Args: takes("[scenarios|faults|checkers]"), ValidArgs: []string{"scenarios", "faults", "checkers"},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"scenarios"}
			}
			list := lists[args[0]]
			if list == nil {
				return usage(cmd, "%.40q is not scenarios, faults or checkers", args[0])
			}
			return list(p.Out)
		},
	}
}

func listScenarios(out io.Writer) error {
	list := newReasons(out)
	fmt.Fprintln(list.table, "SCENARIO\tWHAT HAPPENS\tHERE")
	for _, s := range plan.Scenarios() {
		fmt.Fprintf(list.table, "%s\t%s\t%s\n", s.Name, s.About, list.mark(chaos.Missing(s)))
	}
	return list.write()
}

func listFaults(out io.Writer) error {
	list := newReasons(out)
	fmt.Fprintln(list.table, "FAULT\tWHAT HAPPENS\tHERE")
	for _, k := range fault.Kinds() {
		fmt.Fprintf(list.table, "%s\t%s\t%s\n", k.Name, k.About, list.mark(k.Missing()))
	}
	return list.write()
}

func listCheckers(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tPROMISE")
	for _, c := range check.Checkers() {
		fmt.Fprintf(table, "%s\t%s\n", c.ID, c.Name)
	}
	return table.Flush()
}

// newChaosDoctor is roost chaos doctor: what this machine can do.
func newChaosDoctor(p program) *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Say what this machine can do, and why not", Long: chaosDoctorHelp,
		Args: takes(), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(*cobra.Command, []string) error {
			list := newReasons(p.Out)
			fmt.Fprintln(list.table, "WHAT\tHERE")
			for _, one := range chaos.Doctor() {
				fmt.Fprintf(list.table, "%s\t%s\n", one.Name, list.mark(one.Missing))
			}
			fmt.Fprintf(list.table, "%s\t%s\n", "break the program itself, for the self-test", list.mark(noMutants()))
			if err := list.write(); err != nil {
				return err
			}
			_, err := fmt.Fprintf(p.Out, "\nscenarios that are not to be had here: %s\nfaults that are not to be had here:    %s\n",
				missing(plan.Scenarios(), func(s plan.Scenario) (string, string) { return s.Name, chaos.Missing(s) }),
				missing(fault.Kinds(), func(k fault.Kind) (string, string) { return k.Name, k.Missing() }))
			return err
		},
	}
}

// missing names those that have a reason to be.
func missing[T any](all []T, of func(T) (name, reason string)) string {
	var names []string
	for _, one := range all {
		if name, reason := of(one); reason != "" {
			names = append(names, name)
		}
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}

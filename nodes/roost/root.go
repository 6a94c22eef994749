package main

import (
	"strings"

	"github.com/spf13/cobra"
)

const rootHelp = `Roost runs a fleet of physical devices as supervised actors.

One command shows the sensors of this machine, and four simulated devices:

  roost up

In another terminal:

  roost devices
  roost readings host --follow
  roost send pump set_speed rpm=900
  roost send pump start
  roost commands

With gateways in processes of their own, to see what happens when one is killed:

  roost up --gateways 3

Commands that show something also have --json: one protobuf-JSON object a line.`

// newRoot returns the whole command line.
func newRoot(p program) *cobra.Command {
	root := &cobra.Command{
		Use:           "roost",
		Short:         "Run and use a fleet of devices",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          group,

		DisableFlagsInUseLine: true,
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%v", err) })
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages ", ".FlagUsagesWrapped 80 "))
	root.AddGroup(&cobra.Group{ID: groupRun, Title: "Run:"}, &cobra.Group{ID: groupUse, Title: "Use:"})
	root.SetHelpCommandGroupID(groupOther)
	root.SetCompletionCommandGroupID(groupOther)
	root.AddGroup(&cobra.Group{ID: groupOther, Title: "Other:"})
	root.Flags().String("local", "", "") // so that it may come before the command
	root.Flags().Lookup("local").NoOptDefVal = anyFolder
	_ = root.Flags().MarkHidden("local") // the flag is there
	root.AddCommand(
		newUp(p), newHub(p), newGateway(p), newSim(p), newChaos(p),
		newDevices(p), newDevice(p), newReadings(p), newSend(p), newSet(p), newCancel(p), newCommands(p), newCommand(p), newGateways(p), newWhy(p), newDoctor(p), newDiscover(p),
		newVersion(p), newExitCodes(),
	)
	return root
}

const (
	groupRun   = "run"
	groupUse   = "use"
	groupOther = "other"
)

// group is what a command does that only has others below it: it shows them, or says that there is
// none of that name.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	hint := ""
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; do you mean " + strings.Join(near, " or ") + "?"
	}
	return usage(cmd, "there is no command %.40q%s", args[0], hint)
}

// takes has a command take these arguments; the last one may be missing if it is in brackets, and may
// be there many times if it ends with "...".
func takes(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		for i, name := range names {
			if strings.HasPrefix(name, "[") {
				break
			}
			if i >= len(args) {
				return usage(cmd, "%s is missing", name)
			}
		}
		many := len(names) > 0 && strings.Contains(names[len(names)-1], "...")
		if len(args) > len(names) && !many {
			return usage(cmd, "unexpected argument %.40q", args[len(names)])
		}
		return nil
	}
}

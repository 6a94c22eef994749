package main

import (
	"github.com/spf13/cobra"
)

// deviceCommand is what the commands below roost device share.
type deviceCommand struct {
	program
	link
	json bool
}

func newDevice(p program) *cobra.Command {
	c := &deviceCommand{program: p}
	cmd := &cobra.Command{
		Use:     "device",
		GroupID: groupUse,
		Short:   "Look at one device, or change the registry",
		Long: `Look at one device, or change the registry of the fleet while it runs. The
registry is kept at the hub; the gateways take a change over at once.`,
		Args: cobra.ArbitraryArgs,
		RunE: group,

		DisableFlagsInUseLine: true,
	}
	c.link.flags(cmd, p)
	jsonFlag(cmd, &c.json)
	cmd.AddCommand(c.newShow(), c.newAdd(), c.newRelease())
	for _, change := range changes() {
		cmd.AddCommand(c.newChange(change))
	}
	return cmd
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/argument"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// completeSend completes a device, unless it is for many, then one of its commands, then arguments.
func (c *sendCommand) completeSend(cmd *cobra.Command, args []string, beginning string) ([]string, cobra.ShellCompDirective) {
	profile := func() *roostv1.Profile { return c.selectedProfile(cmd) }
	if !c.many() {
		if len(args) == 0 {
			return c.local.devicesOr(c.program, c.completeDevice)(cmd, args, beginning)
		}
		device := args[0]
		profile = func() *roostv1.Profile { return c.profileOf(cmd, device) }
		args = args[1:]
	}
	if len(args) == 0 {
		return words(argument.Commands(profile()))
	}
	return words(argument.Candidates(profile(), args[0], args[1:], beginning))
}

// profileOf is the profile of a device, as whoever is to be told has it; nil if it cannot be had.
func (c *sendCommand) profileOf(cmd *cobra.Command, device string) *roostv1.Profile {
	if c.local.asked() {
		return c.local.profile(cmd, c.program, device)
	}
	return c.profile(cmd, device)
}

// selectedProfile is the profile of one of the devices with the labels, nil if it cannot be had: what
// one can be told, the others mostly can.
func (c *sendCommand) selectedProfile(cmd *cobra.Command) *roostv1.Profile {
	device := ""
	c.ask(cmd, func(ctx context.Context, client *cluster.Client) error {
		devices, err := client.Devices(ctx)
		for _, d := range devices {
			if device == "" && roostv1.MatchLabels(c.selector, d.Labels) {
				device = d.DeviceId
			}
		}
		return err
	})
	return c.profile(cmd, device)
}

// completeCondition completes a condition on the device that is the first argument.
func (c *sendCommand) completeCondition(cmd *cobra.Command, args []string, beginning string) ([]string, cobra.ShellCompDirective) {
	if c.many() {
		return words(argument.Conditions(c.selectedProfile(cmd), beginning))
	}
	if len(args) == 0 {
		return nil, noFiles
	}
	return words(argument.Conditions(c.profileOf(cmd, args[0]), beginning))
}

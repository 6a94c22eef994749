package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/argument"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// recentCommands is how many ids of commands a shell is offered, at most.
	recentCommands = 20
	// recentSince is how far back they go.
	recentSince = time.Hour
)

// commandIDs returns the ids of the commands that changed last, the newest first.
func (l *link) commandIDs(cmd *cobra.Command, q cluster.CommandQuery) (ids []string) {
	q.Last = recentSince
	var records []*roostv1.CommandRecord
	l.ask(cmd, func(ctx context.Context, client *cluster.Client) error {
		for record, err := range client.Commands(ctx, q) {
			if err != nil {
				return err
			}
			records = append(records, record)
		}
		return nil
	})
	slices.Reverse(records)
	for _, r := range records[:min(len(records), recentCommands)] {
		ids = append(ids, word(r.CommandId, console.Order(r.Command)+", "+r.State.Word()))
	}
	return ids
}

// keepOrder has the shell show words in the order in which they come.
const keepOrder = noFiles | cobra.ShellCompDirectiveKeepOrder

// completeCommand completes the first argument, the id of a command.
func (l *link) completeCommand(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, noFiles
	}
	device, _ := cmd.Flags().GetString("device")
	return l.commandIDs(cmd, cluster.CommandQuery{Device: device}), keepOrder
}

// completeDevices completes a flag that is a device's id.
func (l *link) completeDevices(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return l.deviceIDs(cmd), noFiles
}

// completeCancel completes a device, then the id of one of its commands that was not sent yet.
func (c *cancelCommand) completeCancel(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return c.deviceIDs(cmd), noFiles
	case 1:
		waiting := []roostv1.CommandState{roostv1.CommandState_COMMAND_STATE_ACCEPTED, roostv1.CommandState_COMMAND_STATE_QUEUED}
		return c.commandIDs(cmd, cluster.CommandQuery{Device: args[0], States: waiting}), keepOrder
	default:
		return nil, noFiles
	}
}

// completeSet completes a device, then what it is to be.
func (c *setCommand) completeSet(cmd *cobra.Command, args []string, beginning string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return c.deviceIDs(cmd), noFiles
	}
	return words(argument.Candidates(c.profile(cmd, args[0]), roostv1.CommandSet, args[1:], beginning))
}

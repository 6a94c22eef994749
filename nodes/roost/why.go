package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
)

func newWhy(p program) *cobra.Command {
	var fleet link
	asJSON := false
	cmd := &cobra.Command{
		Use:     "why DEVICE",
		GroupID: groupUse,
		Short:   "Tell why a device is where it is",
		Long: `Tell the story of one device: the bus that it is on and what shares it, which
gateway owns the bus and how it came to it, whether that one holds its lease,
which others could own it and why the rest could not, and what went wrong last.

Takeovers and troubles are those that the gateways remember that answer. They
remember a bounded number, and none from before they were started but the last
change of each owner.`,
		Example: `  roost why pump
  roost why rig-1 --json | jq '.candidates[] | {gatewayId, rank, reason}'`,
		Args:              takes("DEVICE"),
		ValidArgsFunction: fleet.completeDevice,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := deviceID(cmd, args[0]); err != nil {
				return err
			}
			return fleet.use(cmd, func(ctx context.Context, client *cluster.Client) error {
				story, err := client.Why(ctx, args[0])
				if err != nil {
					return fmt.Errorf("tell of device: %w", err)
				}
				if asJSON {
					return writeJSON(p, story)
				}
				return console.Story(p.screen(), story, time.Now())
			})
		},
	}
	fleet.flags(cmd, p)
	jsonFlag(cmd, &asJSON)
	return cmd
}

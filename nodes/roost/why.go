package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func newWhy(p program) *cobra.Command {
	var fleet link
	var here local
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
change of each owner.

` + localHelp + `
It tells what it knows itself.`,
		Example: `  roost why pump
  roost why pump --local
  roost why rig-1 --json | jq '.candidates[] | {gatewayId, rank, reason}'`,
		Args:              takes("DEVICE"),
		ValidArgsFunction: here.devicesOr(p, fleet.completeDevice),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := deviceID(cmd, args[0]); err != nil {
				return err
			}
			tell := func(story *roostv1.Story, err error) error {
				switch {
				case err != nil:
					return fmt.Errorf("tell of device: %w", err)
				case asJSON:
					return writeJSON(p, story)
				}
				return console.Story(p.screen(), story, time.Now())
			}
			if !here.asked() {
				return fleet.use(cmd, func(ctx context.Context, client *cluster.Client) error { return tell(client.Why(ctx, args[0])) })
			}
			if err := here.refuses(cmd); err != nil {
				return err
			}
			return useLocal(cmd, p, &here, &fleet, func(ctx context.Context, client *control.Client) error {
				return tell(client.Why(ctx, args[0]))
			})
		},
	}
	fleet.flags(cmd, p)
	here.flag(cmd)
	jsonFlag(cmd, &asJSON)
	return cmd
}

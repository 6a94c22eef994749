package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
)

func newGateways(p program) *cobra.Command {
	var fleet link
	asJSON := false
	cmd := &cobra.Command{
		Use:     "gateways",
		GroupID: groupUse,
		Short:   "List the gateways of a fleet",
		Long: `List the gateways that ever joined a fleet: where they run, since when, how many
buses and devices they serve, and how far their clocks are from the hub's. One
that does not answer may have died, or the network between may have.

The lease is how long a gateway may act without a word of the hub. One that is
suspended has had none for that long: it acts on no device that others can
reach, until it hears of the hub again.

The spool is where a gateway keeps readings on its disk until the hub has them:
how it is, and how many wait. One that is failing or full lets them through.`,
		Example: `  roost gateways
  roost gateways --json | jq '{gatewayId, state, host, pid, devices}'`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return fleet.use(cmd, func(ctx context.Context, client *cluster.Client) error {
				gateways, err := client.Gateways(ctx)
				if err != nil {
					return fmt.Errorf("list gateways: %w", err)
				}
				if !asJSON {
					return console.Gateways(gateways, time.Now()).Write(p.screen())
				}
				for _, g := range gateways {
					if err := writeJSON(p, g.Status); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	fleet.flags(cmd, p)
	jsonFlag(cmd, &asJSON)
	return cmd
}

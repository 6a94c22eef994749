package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
)

func (c *deviceCommand) newShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show all that is known of a device",
		Long: `Show all that is known of a device: what it does, its last values, what is
desired of it and how far that is applied (see roost set), and the commands that
it takes. With --json, its status.`,
		Example: `  roost device show pump
  roost device show cellar --json | jq .counters`,
		Args:              takes("ID"),
		ValidArgsFunction: c.completeDevice,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := deviceID(cmd, args[0]); err != nil {
				return err
			}
			return c.use(cmd, func(ctx context.Context, client *cluster.Client) error {
				view, err := client.Device(ctx, args[0])
				if err != nil {
					return fmt.Errorf("show device: %w", err)
				}
				if c.json {
					return writeJSON(c.program, view.Status)
				}
				// That the wishes cannot be had is no reason not to show the rest.
				desired, _ := client.Desired(ctx, args[0])
				return console.Device(c.screen(), view, desired, time.Now())
			})
		},
	}
}

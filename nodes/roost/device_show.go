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

func (c *deviceCommand) newShow() *cobra.Command {
	var here local
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show all that is known of a device",
		Long: `Show all that is known of a device: what it does, its last values, what is
desired of it and how far that is applied (see roost set), and the commands that
it takes. With --json, its status.

` + localHelp,
		Example: `  roost device show pump
  roost device show pump --local
  roost device show cellar --json | jq .counters`,
		Args:              takes("ID"),
		ValidArgsFunction: here.devicesOr(c.program, c.completeDevice),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := deviceID(cmd, args[0]); err != nil {
				return err
			}
			if here.asked() {
				return c.showLocal(cmd, &here, args[0])
			}
			return c.use(cmd, func(ctx context.Context, client *cluster.Client) error {
				view, err := client.Device(ctx, args[0])
				if err != nil {
					return fmt.Errorf("show device: %w", err)
				}
				// That the wishes cannot be had is no reason not to show the rest.
				desired, _ := client.Desired(ctx, args[0])
				return c.present(view, desired)
			})
		},
	}
	here.flag(cmd)
	return cmd
}

// showLocal shows what the gateway of this machine knows.
func (c *deviceCommand) showLocal(cmd *cobra.Command, here *local, id string) error {
	if err := here.refuses(cmd); err != nil {
		return err
	}
	return useLocal(cmd, c.program, here, &c.link, func(ctx context.Context, client *control.Client) error {
		d, err := client.Device(ctx, id)
		if err != nil {
			return fmt.Errorf("show device: %w", err)
		}
		return c.present(cluster.DeviceView{Spec: d.Spec, Profile: d.Profile, Status: d.Status}, d.Desired)
	})
}

// present writes what is known of a device.
func (c *deviceCommand) present(view cluster.DeviceView, desired *roostv1.Desired) error {
	if c.json {
		return writeJSON(c.program, view.Status)
	}
	return console.Device(c.screen(), view, desired, time.Now())
}

package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/nodes/control"
)

// runLocal shows what the gateway of this machine still has of a device's readings.
func (c *readingsCommand) runLocal(cmd *cobra.Command, device string) error {
	if err := c.local.refuses(cmd); err != nil {
		return err
	}
	client, err := c.local.client(c.program)
	if err != nil {
		return err
	}
	lookup, cancel := c.bounded(cmd.Context())
	defer cancel()
	d, err := client.Device(lookup, device)
	if err != nil {
		return fmt.Errorf("read readings: %w", err)
	}
	if err := c.hasResource(device, d.Profile); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	if !c.follow {
		ctx, stop = c.bounded(ctx)
		defer stop()
	}
	return c.write(ctx, c.sink(device, d.Profile), client.Readings(ctx, control.ReadingsQuery{
		Device: device, Resource: c.resource, Since: c.since, Follow: c.follow,
	}))
}

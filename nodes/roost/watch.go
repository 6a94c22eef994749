package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/live"
)

// show keeps showing the devices until somebody quits.
func (c *devicesCommand) show(cmd *cobra.Command) error {
	terminal, ok := c.terminal()
	switch {
	case !ok:
		return usage(cmd, "--watch needs a terminal")
	case c.json || len(c.selector) > 0:
		return usage(cmd, "--watch goes with neither --json nor --selector")
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		board := live.NewBoard()
		ctx, stop := context.WithCancel(ctx)
		var all errgroup.Group
		all.Go(func() error { return live.Follow(ctx, client, board) })
		all.Go(func() error {
			defer stop()
			return live.Show(ctx, terminal, board, live.View{
				Title:   fmt.Sprintf("roost · %s · fleet %s", c.hub, c.fleet),
				Hint:    "q quits",
				Palette: c.screen().Palette,
			})
		})
		return all.Wait()
	})
}

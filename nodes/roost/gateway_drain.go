package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func (c *gatewayCommand) newDrain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "drain ID",
		Short: "Have a gateway hand over all that it serves",
		Long: `Have a gateway hand its buses over to others and take no new ones, as before
its machine is taken down. It goes on running, drained, until its process is
stopped; the next one takes its share again.

The command ends when nothing is left. It fails if something is left after
--wait, or only what no other gateway can serve.`,
		Example: `  roost gateway drain gw-2
  roost gateway drain gw-2 --wait 0   # do not wait until it is done`,
		Args:              takes("ID"),
		ValidArgsFunction: c.completeGateway,
		RunE:              c.drain,
	}
	cmd.Flags().DurationVar(&c.wait, "wait", 30*time.Second, "how long to wait until nothing is left; 0: not at all")
	c.link.patience(cmd)
	return cmd
}

func (c *gatewayCommand) drain(cmd *cobra.Command, args []string) error {
	id := args[0]
	if err := gatewayID(cmd, id); err != nil {
		return err
	}
	if c.wait < 0 {
		return usage(cmd, "--wait %v is below zero", c.wait)
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		if err := c.askDrain(ctx, client, id); err != nil {
			return fmt.Errorf("drain gateway: %w", err)
		}
		if c.wait == 0 {
			_, err := fmt.Fprintf(c.Out, "%s hands over what it serves\n", id)
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, c.wait)
		defer cancel()
		return c.untilDrained(ctx, client, id)
	})
}

func (c *gatewayCommand) askDrain(ctx context.Context, client *cluster.Client, id string) error {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	return client.Drain(ctx, id)
}

// drainInterval is how often a gateway that is drained is looked at.
const drainInterval = 100 * time.Millisecond

// untilDrained shows how many buses are left until none is, or none that another gateway could serve.
// ctx ends when that has taken too long.
func (c *gatewayCommand) untilDrained(ctx context.Context, client *cluster.Client, id string) error {
	progress := console.NewProgress(c.screen())
	defer progress.End()
	last := cluster.Remaining{}
	for {
		began := time.Now()
		r, err := client.Remaining(ctx, id)
		switch {
		case ctx.Err() != nil: // said below
		case errors.Is(err, roostv1.ErrUnavailable): // the hub is asked again
		case err != nil:
			return err
		case len(r.Buses) == 0:
			return progress.Show(id + " is drained: nothing is left")
		case len(r.Buses) == len(r.Stranded):
			return fmt.Errorf("gateway %s keeps %s, which no other gateway can serve now: %s; roost why tells of a device why",
				id, buses(len(r.Buses)), some(r.Buses))
		default:
			last = r
			if err := progress.Show(fmt.Sprintf("%s: %s left", id, buses(len(r.Buses)))); err != nil {
				return err
			}
		}
		if !pause(ctx, max(drainInterval, 3*time.Since(began))) {
			return undrained(ctx, id, c.wait, last)
		}
	}
}

// undrained says what is left when the wait is over.
func undrained(ctx context.Context, id string, wait time.Duration, r cluster.Remaining) error {
	switch {
	case !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return context.Cause(ctx)
	case len(r.Buses) == 0:
		return roostv1.Errorf(roostv1.ErrUnavailable, "gateway %s drains, but what is left after %v is not known: the hub is away", id, wait)
	}
	return fmt.Errorf("gateway %s still has %s after %v, and goes on handing over: %s", id, buses(len(r.Buses)), wait, some(r.Buses))
}

func buses(n int) string {
	if n == 1 {
		return "1 bus"
	}
	return fmt.Sprintf("%d buses", n)
}

// some names a few of many.
func some(ids []string) string {
	const most = 5
	if len(ids) <= most {
		return strings.Join(ids, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(ids[:most], ", "), len(ids)-most)
}

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

const busHelp = `With --bus the buses are listed: how many devices of a bus answer, how many
turns it has in a second, in which part of the time it is in use, what waits for
a turn, and the longest that one was waited for; all of it lately, which is 30
to 60 s. A turn is a poll, a command, a read-back, or the opening of a session.
Below are the devices that do not answer, for how many turns, and when they are
tried next: on a bus that it shares a silent device rests, so that those beside
it lose a bounded share of their turns.`

// runBuses lists the buses.
func (c *devicesCommand) runBuses(cmd *cobra.Command) error {
	for _, name := range []string{"selector", "watch"} {
		if cmd.Flags().Changed(name) {
			return usage(cmd, "--%s does not go with --bus", name)
		}
	}
	if c.local.asked() {
		if err := c.local.refuses(cmd); err != nil {
			return err
		}
		return useLocal(cmd, c.program, &c.local, &c.link, func(ctx context.Context, client *control.Client) error {
			return c.listBuses(client.Buses(ctx))
		})
	}
	return c.use(cmd, func(ctx context.Context, client *cluster.Client) error { return c.listBuses(client.Buses(ctx)) })
}

func (c *devicesCommand) listBuses(buses []*roostv1.BusStatus, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("list buses: %w", err)
	case c.json:
		return writeJSON(c.program, buses...)
	case len(buses) == 0:
		_, err := fmt.Fprintln(c.Err, c.nothing(0))
		return err
	}
	if err := console.Buses(buses).Write(c.screen()); err != nil {
		return err
	}
	silent := console.Silent(buses, time.Now())
	if silent.Len() == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(c.Out); err != nil {
		return err
	}
	return silent.Write(c.screen())
}

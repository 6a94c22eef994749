package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// runFleet sends a command to all devices with the labels.
func (c *sendCommand) runFleet(cmd *cobra.Command, name string, arguments []string) error {
	command, err := c.command(name, arguments)
	if err == nil {
		err = roostv1.CheckLabels("selector", c.selector)
	}
	if err != nil {
		return usage(cmd, "%v", err)
	}
	if c.inFlight == 0 {
		return usage(cmd, "--max-in-flight 0 is not between 1 and 1000")
	}
	fleet := cluster.FleetCommand{
		Command: command, Selector: c.selector, MaxInFlight: c.inFlight, Wait: c.wait,
		Complete: func(profile *roostv1.Profile, command *roostv1.Command) error {
			return c.complete(profile, command, arguments)
		},
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		lookup, cancel := c.bounded(ctx)
		defer cancel()
		run, err := client.SendAll(lookup, fleet)
		switch {
		case errors.Is(err, roostv1.ErrInvalid):
			return usage(cmd, "%v", err)
		case err != nil:
			return fmt.Errorf("not sent: %w", err)
		case c.json:
			return c.fleetJSON(ctx, run)
		default:
			return c.fleetText(ctx, run, command)
		}
	})
}

// fleetJSON writes each outcome as it comes, and nothing else.
func (c *sendCommand) fleetJSON(ctx context.Context, run *cluster.FleetRun) error {
	code := exitOK
	for record := range run.Outcomes(ctx) {
		code = worse(code, outcomeCode(record))
		if err := writeJSON(c.program, record); err != nil {
			return err
		}
	}
	return codeError(code)
}

// fleetText shows how far it is, and then a summary.
func (c *sendCommand) fleetText(ctx context.Context, run *cluster.FleetRun, command *roostv1.Command) error {
	screen := c.screen()
	title := console.Deed(command)
	if _, err := fmt.Fprintf(screen, "fleet command %s, %s\n", screen.Paint(console.Strong, run.ID), devicesText(len(run.Devices))); err != nil {
		return err
	}
	each, end := c.fleetProgress(screen, title, len(run.Devices))
	var tally console.Tally
	code := exitOK
	for record := range run.Outcomes(ctx) {
		tally.Add(record)
		each(record)
		code = worse(code, outcomeCode(record))
	}
	end()
	if err := tally.Write(screen); err != nil {
		return err
	}
	if code == exitUnknown || code == exitInterrupted {
		_, err := fmt.Fprintf(screen, "\nTo go on, within the hour: --id %s\n", run.ID)
		if err != nil {
			return err
		}
	}
	return codeError(code)
}

// fleetProgress returns what shows each outcome: a bar on a terminal, lines elsewhere.
func (c *sendCommand) fleetProgress(screen console.Screen, title string, devices int) (each func(*roostv1.CommandRecord), end func()) {
	if screen.Terminal {
		bar := console.NewBar(screen, title, devices)
		return bar.Count, bar.End
	}
	return func(r *roostv1.CommandRecord) {
		// If nobody takes the line, the summary fails as well, and says so.
		_, _ = fmt.Fprintln(screen, console.FleetLine(r, screen.Palette))
	}, func() {}
}

func devicesText(n int) string {
	if n == 1 {
		return "1 device"
	}
	return fmt.Sprintf("%d devices", n)
}

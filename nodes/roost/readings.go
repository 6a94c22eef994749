package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const readingsHelp = `Show the readings of a device that the hub has stored: when each was taken, of
which resource, its value, and how far it may be trusted. On a terminal, numbers
are drawn as a plot too.

What is missing is said in its place: readings that were dropped, since there
was no room for them, polls that were left out, since the device was slow, and
gaps that nothing explains.

Times are the hub's. A gateway that ran while the hub was away may not have
known it, as a board that boots in 1970: such times have a ? behind them, unless
they could be corrected later. --json has clock_state, clock_error, boot_id, and
monotonic_us, which orders the readings of one boot whatever the clocks said.

With --json each line is a batch of readings; gaps are told on the error output.

` + localHelp + `
It shows what it still has in memory.`

const (
	// defaultSince is how far back readings are shown.
	defaultSince = time.Hour
	// followSince is how far back they begin when they are followed: something is to be seen at once.
	followSince = 10 * time.Second
	// terminalLimit is how many are shown to somebody who did not say how many.
	terminalLimit = 20
)

// readingsCommand is roost readings.
type readingsCommand struct {
	program
	link
	local    local
	json     bool
	since    time.Duration
	follow   bool
	resource string
	limit    int
}

func newReadings(p program) *cobra.Command {
	c := &readingsCommand{program: p}
	cmd := &cobra.Command{
		Use:     "readings ID",
		GroupID: groupUse,
		Short:   "Show the readings of a device",
		Long:    readingsHelp,
		Example: `  roost readings host
  roost readings host --follow
  roost readings host --local --follow
  roost readings cellar --resource temperature --since 15m
  roost readings pump --since 24h --json > pump.jsonl`,
		Args:              takes("ID"),
		ValidArgsFunction: c.local.devicesOr(p, c.completeDevice),
		RunE:              c.run,
	}
	c.link.flags(cmd, p)
	c.local.flag(cmd)
	jsonFlag(cmd, &c.json)
	f := cmd.Flags()
	f.DurationVar(&c.since, "since", 0, "how far back (default 1h, or 10s with --follow)")
	f.BoolVarP(&c.follow, "follow", "f", false, "go on with what comes, until Ctrl-C")
	f.StringVar(&c.resource, "resource", "", "only the resource `NAME`")
	f.IntVar(&c.limit, "limit", 0, "only the last `N`; with --follow, end after N (default all, on a terminal 20)")
	_ = cmd.RegisterFlagCompletionFunc("resource", c.completeResource) // the flag is there
	return cmd
}

func (c *readingsCommand) run(cmd *cobra.Command, args []string) error {
	if err := c.settle(cmd, args[0]); err != nil {
		return err
	}
	if c.local.asked() {
		return c.runLocal(cmd, args[0])
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		profile, err := c.deviceProfile(ctx, client, args[0])
		if err != nil {
			return err
		}
		return c.write(ctx, c.sink(args[0], profile), client.Readings(ctx, cluster.ReadingsQuery{
			Device: args[0], Resource: c.resource, Since: c.since, Follow: c.follow,
		}))
	})
}

// write writes what comes until that ends, no more is wanted, or ctx ends.
func (c *readingsCommand) write(ctx context.Context, out sink, batches iter.Seq2[*roostv1.ReadingBatch, error]) error {
	for batch, err := range batches {
		more, err := c.take(out, batch, err)
		if err != nil && ctx.Err() != nil && c.follow {
			break // Ctrl-C is how following ends
		}
		if err != nil {
			return fmt.Errorf("read readings: %w", err)
		}
		if !more {
			break
		}
	}
	return out.end()
}

// settle checks the flags, and fills in what they leave out.
func (c *readingsCommand) settle(cmd *cobra.Command, device string) error {
	flags := cmd.Flags()
	switch {
	case c.since < 0 || flags.Changed("since") && c.since == 0:
		return usage(cmd, "--since %v is not above zero", c.since)
	case c.limit < 0:
		return usage(cmd, "--limit %d is below zero", c.limit)
	case c.since == 0 && c.local.asked(): // as far as it remembers: its clock may be off
	case c.since == 0 && c.follow:
		c.since = followSince
	case c.since == 0:
		c.since = defaultSince
	}
	if !flags.Changed("limit") && !c.follow && !c.json && c.screen().Terminal {
		c.limit = terminalLimit
	}
	if c.resource != "" {
		if err := roostv1.CheckName("--resource", c.resource); err != nil {
			return usage(cmd, "%v", err)
		}
	}
	return deviceID(cmd, device)
}

// deviceProfile returns the profile of a device, nil if that is lost, and refuses a resource that it
// does not have.
func (c *readingsCommand) deviceProfile(ctx context.Context, client *cluster.Client, device string) (*roostv1.Profile, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	view, err := client.Device(ctx, device)
	if err != nil {
		return nil, fmt.Errorf("read readings: %w", err)
	}
	return view.Profile, c.hasResource(device, view.Profile)
}

// hasResource refuses a resource that a device does not have.
func (c *readingsCommand) hasResource(device string, profile *roostv1.Profile) error {
	if c.resource != "" && profile != nil && profile.Resource(c.resource) == nil {
		return fmt.Errorf("device %s has no resource %s; roost device show %s lists what it has", device, c.resource, device)
	}
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const sendHelp = `Send a command to a device, or to all that have some labels, and say what became
of it.

Arguments are name=value, read by the device's profile: 900, 0.5, 0xff, true,
off, text. The command "set" writes the resources that the arguments name.
roost device show DEVICE lists what a device takes.

What the outcomes mean:
  SUCCEEDED      done: the device acknowledged it, it was verified by read-back,
                 or the device reported it (--confirm asks for one of these)
  FAILED         not done, or in part: the device said so
  REJECTED, EXPIRED, CANCELLED, SUPERSEDED
                 not sent: it is certain that not a byte went to the device
  UNKNOWN        sent, and no answer came; it is being found out what it did
  INDETERMINATE  that could not be found out
  QUEUED         not sent yet; it says what it waits for
  DISPATCHED     sent; the device has not answered yet

A command goes to its device at most once, unless repeating it cannot do harm.
If no answer came in time, ask again with the same --id, which does not make it
act a second time (for an hour after its end), or look at roost command ID.

With --queue it is not tried, but waits, for as long as the device is away: none
serves it, it is started again, or it did not answer when it was polled last.
What comes after it waits too. A device that goes away just then can let it fail
all the same: FAILED, not sent. Without --queue a device that cannot be reached
is away too, but one that only did not answer when it was polled is tried.

With --selector or --all each device gets a command of its own, a few at a time,
and has an outcome of its own; the summary has those that did not succeed. After
Ctrl-C no more are begun. With the same --id it goes on where it stopped: no
device that has it already acts twice.

With --local the gateway of this machine is told, without the hub: while that is
away, and for a device that this gateway alone can reach. The record says which
user of the machine it was. The gateway is the one that has FOLDER, or else the
only one of this user. It does not know what was sent over the hub while it was
cut off, or before it started without the hub: an --id of that acts again.

Exit code; that of several devices is the worst:
   0  done
   1  failed, or not sent: refused, expired, cancelled
   2  unknown: it may have been carried out or not
  64  the command line is wrong
  69  the hub or the device is not there, nothing was sent
 130  interrupted before each device had it`

// sendCommand is roost send.
type sendCommand struct {
	program
	link
	sendFlags
	local    local
	json     bool
	wait     time.Duration
	selector map[string]string
	all      bool
	inFlight int
}

// many reports whether the command is for as many devices as there are.
func (c *sendCommand) many() bool { return c.all || len(c.selector) > 0 }

func newSend(p program) *cobra.Command {
	c := &sendCommand{program: p}
	cmd := &cobra.Command{
		Use:     "send DEVICE COMMAND [NAME=VALUE...]\n  roost send --selector KEY=VALUE,... COMMAND [NAME=VALUE...]",
		GroupID: groupUse,
		Short:   "Send a command to a device, or to many",
		Long:    sendHelp,
		Example: `  roost send pump start
  roost send pump set_speed rpm=900 --confirm readback
  roost send thermostat set setpoint=21.5 mode=heat --if mode=off
  roost send valve open --queue --expires 10m     # also if it is away now
  roost send pump dose ml=20 --id batch-17-dose   # safe to repeat
  roost send pump self_test --json | jq .results
  roost send pump stop --local                    # while the hub is away
  roost send -l site=north,kind=pump set_speed rpm=900 --max-in-flight 20
  roost send -l kind=pump stop --json | jq -r '[.deviceId, .state] | @tsv'`,
		ValidArgsFunction: c.completeSend,
		RunE:              c.run,
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if c.many() {
			return takes("COMMAND", "[NAME=VALUE...]")(cmd, args)
		}
		return takes("DEVICE", "COMMAND", "[NAME=VALUE...]")(cmd, args)
	}
	c.link.flags(cmd, p)
	c.local.flag(cmd)
	jsonFlag(cmd, &c.json)
	c.sendFlags.flags(cmd)
	f := cmd.Flags()
	f.DurationVar(&c.wait, "wait", 5*time.Second, "how long to wait for the outcome, at most 5m")
	f.StringToStringVarP(&c.selector, "selector", "l", nil, "to all devices with the labels `KEY=VALUE,...`")
	f.BoolVar(&c.all, "all", false, "to all devices of the fleet")
	f.IntVar(&c.inFlight, "max-in-flight", 16, "of many devices at most `N` at one time, up to 1000")
	_ = cmd.RegisterFlagCompletionFunc("if", c.completeCondition) // the flag is there
	return cmd
}

func (c *sendCommand) run(cmd *cobra.Command, args []string) error {
	if c.wait < 0 || c.wait > 5*time.Minute {
		return usage(cmd, "--wait %v is not between 0 and 5m", c.wait)
	}
	if c.all && len(c.selector) > 0 {
		return usage(cmd, "--all and --selector say different things")
	}
	if c.local.asked() {
		if err := c.local.refuses(cmd, "selector", "all", "max-in-flight"); err != nil {
			return err
		}
	}
	c.wait = max(c.wait, time.Millisecond)
	if c.many() {
		return c.runFleet(cmd, args[0], args[1:])
	}
	if cmd.Flags().Changed("max-in-flight") {
		return usage(cmd, "--max-in-flight is for --selector and --all")
	}
	command, err := c.command(args[1], args[2:])
	if err != nil {
		return usage(cmd, "%v", err)
	}
	command.DeviceId = args[0]
	if err := roostv1.ValidateCommand(command); err != nil {
		return usage(cmd, "%v", err)
	}
	if c.local.asked() {
		client, err := c.local.client(c.program)
		if err != nil {
			return fmt.Errorf("not sent: %w", err)
		}
		return c.tellDevice(cmd, localSender{client}, command, args[2:])
	}
	return c.open(cmd, func(_ context.Context, client *cluster.Client) error {
		return c.tellDevice(cmd, hubSender{client}, command, args[2:])
	})
}

// tellDevice sends the command to its device, and says what became of it.
func (c *sendCommand) tellDevice(cmd *cobra.Command, by commandSender, command *roostv1.Command, arguments []string) error {
	ctx := cmd.Context()
	lookup, cancel := c.bounded(ctx)
	defer cancel()
	profile, err := by.profile(lookup, command.DeviceId)
	if err != nil {
		return fmt.Errorf("not sent: %w", err)
	}
	if err := c.complete(profile, command, arguments); err != nil {
		return usage(cmd, "%v", err)
	}
	record, err := by.Send(ctx, command, c.wait)
	if err != nil {
		return c.unanswered(ctx, command, err)
	}
	if record.Command == nil { // too long to come back with its answer
		record.Command = command
	}
	return tell(c.program, c.json, record)
}

// unanswered says what is known of a command without a record.
func (c *sendCommand) unanswered(ctx context.Context, command *roostv1.Command, err error) error {
	switch {
	case !errors.Is(err, roostv1.ErrOutcomeUnknown):
		return fmt.Errorf("not sent: %w", err)
	case ctx.Err() != nil:
		err = errors.New("interrupted")
	}
	return &exit{exitUnknown, fmt.Errorf("unknown: %w: ask again with --id %s, which does not act twice", err, command.Id)}
}

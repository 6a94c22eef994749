package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/argument"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const sendHelp = `Send a command to a device and say what became of it.

Arguments are name=value, read by the device's profile: 900, 0.5, 0xff, true,
off, text. The command "set" writes the resources that the arguments name.
roost device show ID lists what a device takes.

A command goes to its device at most once, unless repeating it cannot do harm.
If no answer came in time, it is unknown whether the device acted: ask again
with the same --id, which does not make it act a second time.

Exit code:
   0  done
   1  failed, or not sent: refused, expired, cancelled
   2  unknown: it may have been carried out or not
  64  the command line is wrong
  69  the hub or the device is not there, nothing was sent`

// sendCommand is roost send.
type sendCommand struct {
	program
	link
	json     bool
	wait     time.Duration
	expires  time.Duration
	id       string
	queue    bool
	priority string
	reason   string
}

func newSend(p program) *cobra.Command {
	c := &sendCommand{program: p}
	cmd := &cobra.Command{
		Use:     "send ID COMMAND [NAME=VALUE...]",
		GroupID: groupUse,
		Short:   "Send a command to a device",
		Long:    sendHelp,
		Example: `  roost send pump start
  roost send pump set_speed rpm=900
  roost send thermostat set setpoint=21.5 mode=heat
  roost send valve open --queue --expires 10m     # also if it is away now
  roost send pump dose ml=20 --id batch-17-dose   # safe to repeat
  roost send pump self_test --json | jq .results`,
		Args:              takes("ID", "COMMAND", "[NAME=VALUE...]"),
		ValidArgsFunction: c.completeSend,
		RunE:              c.run,
	}
	c.link.flags(cmd, p)
	jsonFlag(cmd, &c.json)
	f := cmd.Flags()
	f.DurationVar(&c.wait, "wait", 5*time.Second, "how long to wait for the outcome, at most 5m")
	f.DurationVar(&c.expires, "expires", 0, "not sent any more after so long (default: what the device says, 30s)")
	f.StringVar(&c.id, "id", "", "`ID` of the command, to repeat it safely (default: a new one)")
	f.BoolVar(&c.queue, "queue", false, "wait for a device that is away, until the command expires")
	f.StringVar(&c.priority, "priority", "normal", "`WORD`: normal, or high to go before what waits")
	f.StringVar(&c.reason, "reason", "", "`TEXT` that says why, for the record")
	_ = cmd.RegisterFlagCompletionFunc("priority", cobra.FixedCompletions([]string{"normal", "high"}, noFiles)) // the flag is there
	return cmd
}

func (c *sendCommand) run(cmd *cobra.Command, args []string) error {
	command, err := c.command(args)
	if err != nil {
		return usage(cmd, "%v", err)
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		lookup, cancel := c.bounded(ctx)
		defer cancel()
		view, err := client.Device(lookup, command.DeviceId)
		if err != nil {
			return fmt.Errorf("not sent: %w", err)
		}
		if command.Arguments, err = argument.Parse(view.Profile, command.Name, args[2:]); err != nil {
			return usage(cmd, "%v", err)
		}
		record, err := client.Send(ctx, command, max(c.wait, time.Millisecond))
		if err != nil {
			return c.unanswered(ctx, command, err)
		}
		if record.Command == nil { // too long to come back with its answer
			record.Command = command
		}
		return c.tell(record)
	})
}

// command makes the command of a command line, with arguments that are still without types.
func (c *sendCommand) command(args []string) (*roostv1.Command, error) {
	priority, err := c.readPriority()
	if err != nil {
		return nil, err
	}
	command := &roostv1.Command{
		Id: c.id, DeviceId: args[0], Name: args[1], Priority: priority, QueueWhileAway: c.queue, Reason: c.reason, Sender: sender(),
	}
	if c.expires != 0 {
		command.ExpiresIn = durationpb.New(c.expires)
	}
	if c.id == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make an id for the command: %w", err)
		}
		command.Id = id.String()
	}
	if c.wait < 0 || c.wait > 5*time.Minute {
		return nil, fmt.Errorf("--wait %v is not between 0 and 5m", c.wait)
	}
	if _, err := argument.Parse(nil, args[1], args[2:]); err != nil {
		return nil, err
	}
	return command, roostv1.ValidateCommand(command)
}

func (c *sendCommand) readPriority() (roostv1.Priority, error) {
	switch c.priority {
	case "normal":
		return roostv1.Priority_PRIORITY_NORMAL, nil
	case "high":
		return roostv1.Priority_PRIORITY_HIGH, nil
	default:
		return 0, fmt.Errorf("--priority %.20q is neither normal nor high", c.priority)
	}
}

// sender says who sends, for the record; as much as is known.
func sender() string {
	name, host := "", ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ = os.Hostname()
	return console.Cut(console.Clean(name+"@"+host), 100)
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

// tell writes the record and turns it into an exit code.
func (c *sendCommand) tell(record *roostv1.CommandRecord) error {
	var err error
	if c.json {
		err = writeJSON(c.program, record)
	} else {
		err = console.Record(c.screen(), record)
	}
	if code := outcomeCode(record); err == nil && code != exitOK {
		err = &exit{code: code}
	}
	return err
}

// outcomeCode turns what became of a command into an exit code.
func outcomeCode(r *roostv1.CommandRecord) int {
	switch r.GetState() {
	case roostv1.CommandState_COMMAND_STATE_SUCCEEDED:
		return exitOK
	case roostv1.CommandState_COMMAND_STATE_REJECTED:
		if code := exitCode(r.GetStatus().Err()); code == exitUnavailable {
			return code // there is nobody who could have done it
		}
		return exitFailed
	case roostv1.CommandState_COMMAND_STATE_FAILED, roostv1.CommandState_COMMAND_STATE_EXPIRED,
		roostv1.CommandState_COMMAND_STATE_CANCELLED, roostv1.CommandState_COMMAND_STATE_SUPERSEDED:
		return exitFailed
	default: // not ended, or never to be known
		return exitUnknown
	}
}

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

const cancelHelp = `Take a command back that was not sent to its device yet, and say what became of
it. One that was sent is carried out: then it is too late.

Exit code:
   0  it is certain that nothing was sent, and nothing will be
   1  too late, or there is no such command
   2  unknown: it was asked for, and did not come into force yet
  64  the command line is wrong
  69  the hub is not there`

// cancelCommand is roost cancel.
type cancelCommand struct {
	program
	link
	author
	json bool
	wait time.Duration
}

func newCancel(p program) *cobra.Command {
	c := &cancelCommand{program: p}
	cmd := &cobra.Command{
		Use:     "cancel DEVICE ID",
		GroupID: groupUse,
		Short:   "Take a command back that was not sent yet",
		Long:    cancelHelp,
		Example: `  roost cancel valve batch-17-open
  roost cancel valve batch-17-open --reason mistyped`,
		Args:              takes("DEVICE", "ID"),
		ValidArgsFunction: c.completeCancel,
		RunE:              c.run,
	}
	c.link.flags(cmd, p)
	jsonFlag(cmd, &c.json)
	c.author.flags(cmd)
	cmd.Flags().DurationVar(&c.wait, "wait", 5*time.Second, "how long to wait for the outcome, at most 5m")
	return cmd
}

func (c *cancelCommand) run(cmd *cobra.Command, args []string) error {
	if err := deviceID(cmd, args[0]); err != nil {
		return err
	}
	if err := commandID(cmd, args[1]); err != nil {
		return err
	}
	if c.wait < 0 || c.wait > 5*time.Minute {
		return usage(cmd, "--wait %v is not between 0 and 5m", c.wait)
	}
	cancellation := &roostv1.Cancellation{DeviceId: args[0], CommandId: args[1], Sender: c.name(), Reason: c.reason}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		record, err := client.Cancel(ctx, cancellation, max(c.wait, time.Millisecond))
		if errors.Is(err, roostv1.ErrNotFound) {
			if whole, ok := c.wholeID(ctx, client, args[0], args[1]); ok {
				cancellation.CommandId = whole.id
				record, err = client.Cancel(ctx, cancellation, max(c.wait, time.Millisecond))
			}
		}
		switch {
		case record != nil: // the error says no more than that
			return c.tell(record)
		case errors.Is(err, roostv1.ErrOutcomeUnknown):
			return &exit{exitUnknown, fmt.Errorf("unknown whether it is cancelled: %w", err)}
		default:
			return fmt.Errorf("not cancelled: %w", err)
		}
	})
}

// tell says what became of the command.
func (c *cancelCommand) tell(record *roostv1.CommandRecord) error {
	code, late := exitFailed, "too late: "
	switch s := record.State; {
	case s.Unsent():
		code, late = exitOK, ""
	case s == roostv1.CommandState_COMMAND_STATE_ACCEPTED, s == roostv1.CommandState_COMMAND_STATE_QUEUED:
		code, late = exitUnknown, "asked for: "
	}
	if !c.json {
		if _, err := fmt.Fprint(c.Out, late); err != nil {
			return err
		}
	}
	if err := show(c.program, c.json, record); err != nil {
		return err
	}
	return codeError(code)
}

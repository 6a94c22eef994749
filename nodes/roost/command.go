package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const commandHelp = `Tell the whole story of a command: what it was, who sent it and why, each state
that it went through with time, gateway, epoch and attempt, what each write did,
what the device answered, and what was learned later. Of a command of the last
24 hours, the end of its id will do: eight characters, as narrow tables show it.

Times are those of the hub's clock, in the zone of this machine, and counted
from the acceptance of the command. The exit code is that of roost send: it
tells what became of the command.`

func newCommand(p program) *cobra.Command {
	var fleet link
	var asJSON bool
	var device string
	var wait time.Duration
	cmd := &cobra.Command{
		Use:     "command ID",
		GroupID: groupUse,
		Short:   "Tell the story of a command",
		Long:    commandHelp,
		Example: `  roost command batch-17-dose
  roost command batch-17-dose --wait 1m       # until it has ended
  roost command batch-17-dose --device pump   # where several have that id
  roost command batch-17-dose --json | jq .transitions`,
		Args:              takes("ID"),
		ValidArgsFunction: fleet.completeCommand,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := commandID(cmd, args[0]); err != nil {
				return err
			}
			if wait < 0 || wait > 5*time.Minute {
				return usage(cmd, "--wait %v is not between 0 and 5m", wait)
			}
			if device != "" {
				if err := deviceID(cmd, device); err != nil {
					return err
				}
			}
			return fleet.open(cmd, func(ctx context.Context, client *cluster.Client) error {
				ctx, cancel := context.WithTimeout(ctx, fleet.timeout+wait)
				defer cancel()
				record, err := client.Command(ctx, device, args[0], wait)
				if errors.Is(err, roostv1.ErrNotFound) {
					if whole, ok := fleet.wholeID(ctx, client, device, args[0]); ok {
						record, err = client.Command(ctx, whole.device, whole.id, wait)
					}
				}
				if err != nil {
					return fmt.Errorf("tell of command: %w", err)
				}
				if asJSON {
					err = writeJSON(p, record)
				} else {
					err = console.Command(p.screen(), record, time.Local)
				}
				if err != nil {
					return err
				}
				return codeError(outcomeCode(record))
			})
		},
	}
	fleet.flags(cmd, p)
	jsonFlag(cmd, &asJSON)
	cmd.Flags().StringVar(&device, "device", "", "`ID` of its device (default: it is looked for)")
	cmd.Flags().DurationVar(&wait, "wait", 0, "how long to wait for its end, at most 5m (default: not at all)")
	_ = cmd.RegisterFlagCompletionFunc("device", fleet.completeDevices) // the flag is there
	return cmd
}

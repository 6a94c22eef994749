package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// change is a command that changes what the operator wants of a device.
type change struct {
	verb, past  string
	short, long string
	act         func(*cluster.Client, context.Context, string) error
	// inForce reports whether the device's gateway has taken the change over.
	inForce func(cluster.DeviceView) bool
}

func changes() []change {
	admin := func(want roostv1.AdminState) func(cluster.DeviceView) bool {
		return func(v cluster.DeviceView) bool { return v.Status.AdminState == want }
	}
	return []change{
		{
			verb: "lock", past: "locked", short: "Have every command to a device rejected",
			long:    "Have every command to a device rejected, whoever sends it. It is sampled as\nbefore.",
			act:     (*cluster.Client).Lock,
			inForce: admin(roostv1.AdminState_ADMIN_STATE_LOCKED),
		},
		{
			verb: "unlock", past: "unlocked", short: "Let a device take commands again",
			long:    "Let a device take commands again, after it was locked.",
			act:     (*cluster.Client).Unlock,
			inForce: func(v cluster.DeviceView) bool { return !admin(roostv1.AdminState_ADMIN_STATE_LOCKED)(v) },
		},
		{
			verb: "retire", past: "retired", short: "Take a device out of service",
			long: `Take a device out of service: it is closed and not listed any more. Its record
and its readings are kept, and a device of the same id can be added anew.`,
			act:     (*cluster.Client).Retire,
			inForce: func(v cluster.DeviceView) bool { return v.Status.State == roostv1.DeviceState_DEVICE_STATE_RETIRED },
		},
	}
}

func (c *deviceCommand) newChange(ch change) *cobra.Command {
	return &cobra.Command{
		Use:               ch.verb + " ID",
		Short:             ch.short,
		Long:              ch.long + "\n\nWhen the command returns, the gateway that serves the device has taken the\nchange over.",
		Example:           "  roost device " + ch.verb + " pump",
		Args:              takes("ID"),
		ValidArgsFunction: c.completeDevice,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := deviceID(cmd, args[0]); err != nil {
				return err
			}
			return c.use(cmd, func(ctx context.Context, client *cluster.Client) error {
				if err := ch.act(client, ctx, args[0]); err != nil {
					return fmt.Errorf("%s device: %w", ch.verb, err)
				}
				view, err := settled(ctx, client, args[0], ch.inForce)
				if err != nil {
					return fmt.Errorf("device %s is to be %s, but whether its gateway knows is not known: %w", args[0], ch.past, err)
				}
				return c.tell(view, ch.past)
			})
		},
	}
}

func (c *deviceCommand) newRelease() *cobra.Command {
	return &cobra.Command{
		Use:   "release ID",
		Short: "End the quarantine of a device",
		Long: `End the quarantine of a device whose restarts ran out, and try it at once. It
fails for a device that is not in quarantine.`,
		Example:           "  roost device release cellar",
		Args:              takes("ID"),
		ValidArgsFunction: c.completeDevice,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := deviceID(cmd, args[0]); err != nil {
				return err
			}
			return c.use(cmd, func(ctx context.Context, client *cluster.Client) error {
				if err := client.Release(ctx, args[0]); err != nil {
					return fmt.Errorf("release device: %w", err)
				}
				view, err := client.Device(ctx, args[0])
				if err != nil {
					return fmt.Errorf("device %s is released, but how it is is not known: %w", args[0], err)
				}
				return c.tell(view, "released")
			})
		},
	}
}

// tell says what was done, and how the device is after it.
func (c *deviceCommand) tell(view cluster.DeviceView, done string) error {
	if c.json {
		return writeJSON(c.program, view.Status)
	}
	_, err := fmt.Fprintf(c.Out, "%s %s\n", view.Status.DeviceId, done)
	return err
}

// settleInterval is how often a device is looked at that is to change.
const settleInterval = 50 * time.Millisecond

// settled waits until a device is as it should be, and returns it as it is then.
func settled(ctx context.Context, client *cluster.Client, id string, done func(cluster.DeviceView) bool) (cluster.DeviceView, error) {
	ticker := time.NewTicker(settleInterval)
	defer ticker.Stop()
	for {
		view, err := client.Device(ctx, id)
		if err != nil || done(view) {
			return view, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return view, context.Cause(ctx)
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/argument"
	"github.com/roost-iot/roost/nodes/console"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const setHelp = `Say what resources of a device are to be, for good. Whoever serves the device
writes what differs, now and whenever it comes to differ: after a restart, when
the device was away, when another gateway takes it over. A resource that is not
named is left as it was wished before; RESOURCE= alone ends the wish, and
leaves the device as it is.

It can be said of resources that can be written, where writing twice is the same
as writing once (ABSOLUTE). What is to be done once is a command: roost send.

Each change has a revision. roost device show tells which is applied. With
--wait, the command ends when the device has applied this one, or a later one.

Exit code:
   0  recorded; with --wait: applied
   1  refused
   2  with --wait: not applied in time; the gateway goes on trying
  64  the command line is wrong
  69  the hub is not there`

// setCommand is roost set.
type setCommand struct {
	program
	link
	author
	json  bool
	wait  time.Duration
	clear []string
}

func newSet(p program) *cobra.Command {
	c := &setCommand{program: p}
	cmd := &cobra.Command{
		Use:     "set DEVICE [RESOURCE=VALUE...]",
		GroupID: groupUse,
		Short:   "Say what a device is to be, for good",
		Long:    setHelp,
		Example: `  roost set thermostat setpoint=21.5 mode=heat
  roost set thermostat setpoint=19 --wait 10s --reason "night"
  roost set thermostat mode=              # no wish any more
  roost set thermostat --clear setpoint --clear mode`,
		Args:              takes("DEVICE", "[RESOURCE=VALUE...]"),
		ValidArgsFunction: c.completeSet,
		RunE:              c.run,
	}
	c.link.flags(cmd, p)
	jsonFlag(cmd, &c.json)
	c.author.flags(cmd)
	cmd.Flags().DurationVar(&c.wait, "wait", 0, "how long to wait until it is applied (default: not at all)")
	cmd.Flags().StringSliceVar(&c.clear, "clear", nil, "end the wish for a `RESOURCE`")
	_ = cmd.RegisterFlagCompletionFunc("clear", c.completeResource) // the flag is there
	return cmd
}

func (c *setCommand) run(cmd *cobra.Command, args []string) error {
	device := args[0]
	if err := deviceID(cmd, device); err != nil {
		return err
	}
	if err := c.check(args[1:]); err != nil {
		return usage(cmd, "%v", err)
	}
	return c.open(cmd, func(ctx context.Context, client *cluster.Client) error {
		desired, err := c.change(ctx, client, device, args[1:])
		if err != nil {
			return fmt.Errorf("set: %w", err)
		}
		if err := c.tell(device, desired); err != nil || c.wait == 0 {
			return err
		}
		return c.applied(ctx, client, device, desired)
	})
}

// check finds what is wrong with a command line whatever the device.
func (c *setCommand) check(words []string) error {
	set, cleared, err := argument.Wishes(nil, words)
	switch {
	case err != nil:
		return err
	case c.wait < 0:
		return fmt.Errorf("--wait %v is below zero", c.wait)
	case len(set)+len(cleared)+len(c.clear) == 0:
		return errors.New("RESOURCE=VALUE is missing")
	}
	for _, name := range c.clear {
		if err := roostv1.CheckName("--clear", name); err != nil {
			return err
		}
	}
	return nil
}

// change records what is wanted.
func (c *setCommand) change(ctx context.Context, client *cluster.Client, device string, words []string) (*roostv1.Desired, error) {
	ctx, cancel := c.bounded(ctx)
	defer cancel()
	view, err := client.Device(ctx, device)
	if err != nil {
		return nil, err
	}
	set, cleared, err := argument.Wishes(view.Profile, words)
	if err != nil {
		return nil, err
	}
	return client.SetDesired(ctx, device, set, append(cleared, c.clear...), c.name(), c.reason)
}

func (c *setCommand) tell(device string, desired *roostv1.Desired) error {
	if c.json {
		return writeJSON(c.program, desired)
	}
	_, err := fmt.Fprintf(c.Out, "desired of %s, %s\n", device, console.Desired(desired))
	return err
}

// applied waits until the device has applied a revision.
func (c *setCommand) applied(ctx context.Context, client *cluster.Client, device string, desired *roostv1.Desired) error {
	began := time.Now()
	waiting, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	var last cluster.DeviceView // that was had; the wait may end while the next one comes
	_, err := settled(waiting, client, device, func(v cluster.DeviceView) bool {
		last = v
		return v.Status.AppliedRevision >= desired.Revision
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && waiting.Err() == nil:
		return fmt.Errorf("revision %d is recorded, but whether it is applied is not known: %w", desired.Revision, err)
	case err != nil:
		return &exit{exitUnknown, fmt.Errorf("revision %d is not applied after %v: %s; %s goes on trying",
			desired.Revision, c.wait, hindrance(last, desired), or(last.Status.GetGateway(), "whoever serves it"))}
	case c.json:
		return nil
	}
	_, err = fmt.Fprintf(c.Out, "%s has applied revision %d, after %s\n", device, desired.Revision, console.Span(time.Since(began)))
	return err
}

// hindrance says what keeps a device from being as desired, as far as it shows.
func hindrance(view cluster.DeviceView, desired *roostv1.Desired) string {
	status := view.Status
	switch {
	case status == nil:
		return "the device cannot be looked at"
	case status.State != roostv1.DeviceState_DEVICE_STATE_ONLINE:
		return "the device is " + status.State.Word()
	case status.AdminState == roostv1.AdminState_ADMIN_STATE_LOCKED:
		return "the device is locked"
	}
	last := make(map[string]*roostv1.ResourceState)
	for _, r := range status.Resources {
		last[r.GetResource()] = r
	}
	var differs []string
	for _, name := range slices.Sorted(maps.Keys(desired.Values)) {
		shown, want := last[console.ShownBy(view.Profile, name)], desired.Values[name]
		if shown != nil && want.GetKind() != nil && last[name].GetAppliedRevision() < desired.Revisions[name] {
			differs = append(differs, fmt.Sprintf("%s is %s, not %s", name, shown.Value.Format(), want.Format()))
		}
	}
	if len(differs) == 0 {
		return "it has not reported it yet"
	}
	return strings.Join(differs, ", ")
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// devicesCommand is roost devices.
type devicesCommand struct {
	program
	link
	local    local
	json     bool
	watch    bool
	bus      bool
	selector map[string]string
}

func newDevices(p program) *cobra.Command {
	c := &devicesCommand{program: p}
	cmd := &cobra.Command{
		Use:     "devices",
		Aliases: []string{"ls"},
		GroupID: groupUse,
		Short:   "List the devices of a fleet",
		Long: `List the devices of a fleet: what they do, who serves them, under which epoch,
when they last gave a sign of life, how often they were restarted, and why they
failed last.

Devices that were retired are left out.

` + busHelp + `

` + localHelp + `
Those that other gateways serve are not listed then.`,
		Example: `  roost devices
  roost devices --selector site=boiler-house,medium=water
  roost devices --watch
  roost devices --bus
  roost devices --local
  roost devices --json | jq -r 'select(.state!="DEVICE_STATE_ONLINE").deviceId'`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	c.link.flags(cmd, p)
	c.local.flag(cmd)
	jsonFlag(cmd, &c.json)
	cmd.Flags().StringToStringVarP(&c.selector, "selector", "l", nil, "only devices with the labels `KEY=VALUE,...`")
	cmd.Flags().BoolVar(&c.bus, "bus", false, "list the buses that they share, and who does not answer there")
	cmd.Flags().BoolVarP(&c.watch, "watch", "w", false, "keep showing them, in a terminal, until q is pressed")
	return cmd
}

func (c *devicesCommand) run(cmd *cobra.Command, _ []string) error {
	if c.bus {
		return c.runBuses(cmd)
	}
	if c.local.asked() {
		if err := c.local.refuses(cmd, "watch"); err != nil {
			return err
		}
		return useLocal(cmd, c.program, &c.local, &c.link, func(ctx context.Context, client *control.Client) error {
			return c.list(client.Devices(ctx))
		})
	}
	if c.watch {
		return c.show(cmd)
	}
	return c.use(cmd, func(ctx context.Context, client *cluster.Client) error { return c.list(client.Devices(ctx)) })
}

// list writes the devices that have the labels.
func (c *devicesCommand) list(all []*roostv1.DeviceStatus, err error) error {
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	devices := slices.DeleteFunc(slices.Clone(all), func(d *roostv1.DeviceStatus) bool {
		return !roostv1.MatchLabels(c.selector, d.Labels)
	})
	if c.json {
		return writeJSON(c.program, devices...)
	}
	if len(devices) == 0 {
		_, err := fmt.Fprintln(c.Err, c.nothing(len(all)))
		return err
	}
	return console.Devices(devices, time.Now()).Write(c.screen())
}

// nothing says why there is nothing to list.
func (c *devicesCommand) nothing(all int) string {
	if all == 0 && c.local.asked() {
		return "the gateway of this machine serves no devices at present"
	}
	if all == 0 {
		return fmt.Sprintf("fleet %s has no devices: add some with roost device add -f FILE", c.fleet)
	}
	var words []string
	for k, v := range c.selector {
		words = append(words, k+"="+v)
	}
	slices.Sort(words)
	return fmt.Sprintf("none of the %d devices has the labels %s", all, strings.Join(words, ","))
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func (c *deviceCommand) newAdd() *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use:   "add -f FILE",
		Short: "Add devices and profiles, or change them",
		Long: `Add the devices and profiles of a fleet file to the fleet, or change those that
are there. What the file does not name is left as it is. A device that was
retired is added anew.

The file is checked in full before anything is changed; see roost up --help for
what is in one.`,
		Example: `  roost device add -f more.yaml
  roost device add -f - <<'.'
  devices: [{id: pump2, profile: sim-pump, driver: sim, poll_interval: 1s}]
  .`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usage(cmd, "-f FILE is missing")
			}
			return c.add(cmd, file)
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "fleet `FILE`; - for the input")
	return cmd
}

// startWait is how long add waits for the gateways to take its devices over.
const startWait = 2 * time.Second

func (c *deviceCommand) add(cmd *cobra.Command, file string) error {
	name, data, err := c.read(file)
	if err != nil {
		return &exit{exitData, err}
	}
	to, err := c.dial(cmd)
	if err != nil {
		return err
	}
	defer to.Close()
	client, err := cluster.NewClientOver(to, c.fleet)
	if err != nil {
		return err
	}
	ctx, cancel := c.bounded(cmd.Context())
	defer cancel()
	registry, err := c.registry(ctx, to.Data)
	if err != nil {
		return fmt.Errorf("read the registry: %w", err)
	}
	builtIn := lookup(gateway.Profiles())
	known := func(id string) *roostv1.Profile { return cmp.Or(registry.Profile(id), builtIn(id)) }
	fleet, err := fleetfile.Parse(name, data, roostv1.WithProfiles(known), roostv1.WithDevices(registered(registry)),
		roostv1.WithCheck(gateway.Checks()))
	if err != nil {
		return err
	}
	addMissing(fleet, registry.Profile, builtIn)
	applied, err := client.Apply(ctx, fleet)
	if err != nil {
		return err
	}
	return c.tellApplied(ctx, client, applied)
}

// addMissing adds the profiles that its devices name and the registry has not, but the drivers bring with
// them: no roost up may have run in this fleet, which registers all of those.
func addMissing(fleet *roostv1.Fleet, registered, builtIn func(id string) *roostv1.Profile) {
	for _, d := range fleet.Devices {
		if registered(d.Profile) == nil && lookup(fleet.Profiles)(d.Profile) == nil && builtIn(d.Profile) != nil {
			fleet.Profiles = append(fleet.Profiles, builtIn(d.Profile))
		}
	}
}

// read reads a whole file, but no more than a fleet file may have.
func (c *deviceCommand) read(file string) (name string, data []byte, err error) {
	name, in := "input", c.In
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", nil, fmt.Errorf("read fleet file: %w", err)
		}
		defer f.Close()
		name, in = file, f
	}
	if data, err = io.ReadAll(io.LimitReader(in, fleetfile.MaxSize+1)); err != nil {
		return "", nil, fmt.Errorf("read fleet file: %w", err)
	}
	return name, data, nil
}

// registry returns the profiles and devices that there are.
func (c *deviceCommand) registry(ctx context.Context, nc *nats.Conn) (*cluster.Picture, error) {
	names, err := cluster.SubjectsOf(c.fleet)
	if err != nil {
		return nil, err
	}
	picture := cluster.NewPicture(names)
	follower, err := cluster.NewFollower(nc, names, picture, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return picture, follower.List(ctx)
}

func registered(p *cluster.Picture) iter.Seq[*roostv1.DeviceSpec] {
	return func(yield func(*roostv1.DeviceSpec) bool) {
		for _, id := range p.DeviceIDs() {
			if d := p.Device(id); d != nil && !yield(d) {
				return
			}
		}
	}
}

// tellApplied says what was changed, and how the devices are once their gateways know of it.
func (c *deviceCommand) tellApplied(ctx context.Context, client *cluster.Client, applied cluster.Applied) error {
	ctx, cancel := context.WithTimeout(ctx, startWait)
	defer cancel()
	t := &console.Table{Columns: []console.Column{{Title: "WHAT"}, {Title: "ID", Least: 8}, {Title: "DONE"}, {Title: "REVISION", Right: true}, {Title: "STATE"}, {Title: "GATEWAY", Least: 7}}}
	for _, p := range applied.Profiles {
		t.Add(console.Cell{Text: "profile"}, console.Cell{Text: p.ID, Tone: console.Strong}, console.Cell{Text: string(p.Action)}, console.Cell{Text: fmt.Sprint(p.Revision)})
	}
	var statuses []*roostv1.DeviceStatus
	for _, d := range applied.Devices {
		// That it takes longer, or is not to be known at present, shows in the state.
		view, _ := settled(ctx, client, d.ID, func(v cluster.DeviceView) bool { return served(v.Status, d.Revision) })
		status := view.Status
		if status == nil {
			status = &roostv1.DeviceStatus{DeviceId: d.ID}
		}
		statuses = append(statuses, status)
		t.Add(console.Cell{Text: "device"}, console.Cell{Text: d.ID, Tone: console.Strong}, console.Cell{Text: string(d.Action)},
			console.Cell{Text: fmt.Sprint(d.Revision)}, console.State(status), console.Cell{Text: or(status.Gateway, console.Empty)})
	}
	if c.json {
		return writeJSON(c.program, statuses...)
	}
	return t.Write(c.screen())
}

// served reports whether a gateway runs a device by that revision of its specification.
func served(d *roostv1.DeviceStatus, revision uint64) bool {
	return d.Gateway != "" && d.SpecRevision >= revision && d.State != roostv1.DeviceState_DEVICE_STATE_OPENING
}

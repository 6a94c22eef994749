package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
)

const upHelp = `Run a hub, one gateway and the devices of a fleet in one process. Nothing else
needs to be installed.

Without --fleet the devices are those that the data folder holds. In a new
folder these are the sensors of this machine, and four simulated devices: a
pump, a thermostat, a valve, and a sensor that fails now and then, so that one
sees how it is started again.

A fleet file is YAML, profiles and devices:

  devices:
    - {id: pump-1, profile: sim-pump, driver: sim, poll_interval: 1s}

It is checked in full before anything starts. What it names is added to the
fleet, or changed; the rest of the fleet is left as it is. The profiles that
come with the drivers are always there: host, sim-pump, sim-thermostat,
sim-valve, sim-sensor and rig.

On a terminal it shows the devices and what happens; elsewhere it writes a line
for each event. A line that starts with "ready" and the address of the hub says
that the gateway serves.

q, Ctrl-C or SIGTERM stops it in order, within 5 s; a second Ctrl-C at once.
Either way, and also after kill -9, every reading that was acknowledged is on
disk.`

// stopBound is how long after it was asked to stop the process ends, whatever hangs.
const stopBound = 4800 * time.Millisecond

// upCommand is roost up.
type upCommand struct {
	program
	file     string
	data     string
	listen   string
	fleet    string
	id       string
	logLevel string
	plain    bool
}

func newUp(p program) *cobra.Command {
	c := &upCommand{program: p}
	cmd := &cobra.Command{
		Use:     "up",
		GroupID: groupRun,
		Short:   "Run a hub, a gateway and its devices in one process",
		Long:    upHelp,
		Example: `  roost up
  roost up --fleet fleet.yaml --data ./data
  roost up --listen 127.0.0.1:0 --data "$(mktemp -d)"   # beside another one`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	f := cmd.Flags()
	f.StringVar(&c.file, "fleet", "", "fleet `FILE` (default: see above)")
	f.StringVar(&c.data, "data", "", "`FOLDER` that keeps everything (default: one of this user)")
	f.StringVar(&c.listen, "listen", hub.DefaultListen, "`HOST:PORT` for clients; a port of 0 is any")
	fleetFlag(cmd, p, &c.fleet)
	f.StringVar(&c.id, "id", "gw-1", "`ID` of the gateway")
	logLevelFlag(cmd, &c.logLevel)
	f.BoolVar(&c.plain, "plain", false, "a line for each event, also on a terminal")
	_ = cmd.MarkFlagDirname("data")
	_ = cmd.MarkFlagFilename("fleet", "yaml", "yml", "json")
	return cmd
}

func (c *upCommand) run(cmd *cobra.Command, _ []string) error {
	level, err := c.check()
	if err != nil {
		return usage(cmd, "%v", err)
	}
	fleet, err := c.readFleet()
	if err != nil {
		return err
	}
	if c.data, err = dataFolder(c.data, c.Getenv); err != nil {
		return &exit{exitUsage, err}
	}
	fmt.Fprintf(c.Out, "starting with data in %s\n", c.data)
	face := c.face(level)
	s, err := openStandalone(cmd.Context(), standaloneConfig{
		data: c.data, listen: c.listen, fleet: c.fleet, id: c.id, log: face.logger(),
	})
	if err != nil {
		return err
	}
	if err := withinBound(cmd.Context(), func(ctx context.Context) error {
		return s.run(ctx, func(ctx, rest context.Context) error { return face.show(ctx, rest, s, fleet) })
	}); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(c.Out, "stopped") // whoever does not read it any more sees it by the exit code
	return nil
}

// check checks the flags.
func (c *upCommand) check() (slog.Level, error) {
	if err := roostv1.CheckID("--id", c.id); err != nil {
		return 0, err
	}
	if err := roostv1.CheckID("--fleet-name", c.fleet); err != nil {
		return 0, err
	}
	return parseLogLevel(c.logLevel)
}

// readFleet reads the fleet file; nil if none was given.
func (c *upCommand) readFleet() (*roostv1.Fleet, error) {
	if c.file == "" {
		return nil, nil
	}
	fleet, err := fleetfile.Read(c.file, roostv1.WithProfiles(lookup(gateway.Profiles())), roostv1.WithDrivers(drivers()...))
	if err != nil {
		return nil, &exit{exitData, err}
	}
	return fleet, nil
}

// withinBound runs what ends in order after ctx has ended, but does not wait for it forever: the
// process is about to exit, and what was acknowledged is on disk.
func withinBound(ctx context.Context, run func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done:
		return err
	case <-time.After(stopBound):
		return fmt.Errorf("not everything ended within %v; what was acknowledged is on disk", stopBound)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"

	"github.com/roost-iot/roost/nodes/fleetfile"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/health"
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

With --gateways N only the hub is in this process. The gateways are processes
that can be killed at will, and in a new folder so is the simulated hardware:
twelve devices that outlive every gateway. The process ids are shown, also by
roost gateways:

  roost up --gateways 3
  kill -9 1235

The devices of one that is killed are served by the others within the lease and
a second: 3 s. It stays dead, unless --restart is given: then it is started
again, after 1 s at first and up to 30 s if it goes on ending. What a gateway
says goes to FOLDER/gateway-ID.log.

On a terminal it shows the devices and what happens; elsewhere it writes a line
for each event. A line that starts with "ready" and the address of the hub says
that the gateway serves.

q, Ctrl-C or SIGTERM stops it in order, within 5 s; a second Ctrl-C at once.
Either way, and also after kill -9, every reading that was acknowledged is on
disk.`

// stopBound is how long after it was asked to stop the process ends, whatever hangs.
const stopBound = 4800 * time.Millisecond

// maxGateways bounds a slip of the finger.
const maxGateways = 32

// upCommand is roost up.
type upCommand struct {
	program
	file     string
	data     string
	listen   string
	fleet    string
	id       string
	gateways int
	restart  bool
	health   healthFlag
	exec     execAllow
	secrets  secrets
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
  roost up --gateways 3   # to see what happens when one is killed
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
	f.IntVar(&c.gateways, "gateways", 0, "run `N` gateways as processes of their own, gw-1 to gw-N")
	f.BoolVar(&c.restart, "restart", false, "start gateway processes again that end")
	c.health.flag(cmd, health.GatewayAddress)
	c.exec.flag(cmd, p)
	c.secrets.flag(cmd, p)
	logLevelFlag(cmd, &c.logLevel)
	f.BoolVar(&c.plain, "plain", false, "a line for each event, also on a terminal")
	_ = cmd.MarkFlagDirname("data")
	_ = cmd.MarkFlagFilename("fleet", "yaml", "yml", "json")
	return cmd
}

func (c *upCommand) run(cmd *cobra.Command, _ []string) error {
	level, err := c.check(cmd)
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
	stage, err := c.open(cmd.Context(), face)
	if err != nil {
		return err
	}
	if err := withinBound(cmd.Context(), func(ctx context.Context) error {
		return stage.run(ctx, func(ctx, rest context.Context) error { return face.show(ctx, rest, stage.scene(fleet)) })
	}); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(c.Out, "stopped") // whoever does not read it any more sees it by the exit code
	return nil
}

// stage is what runs a fleet here.
type stage interface {
	scene(fleet *roostv1.Fleet) scene
	run(ctx context.Context, show func(ctx, rest context.Context) error) error
}

// open opens the stage that was asked for.
func (c *upCommand) open(ctx context.Context, face face) (stage, error) {
	if c.gateways > 0 {
		return openEnsemble(ctx, ensembleConfig{
			data: c.data, listen: c.listen, fleet: c.fleet, gateways: c.gateways, restart: c.restart, logLevel: c.logLevel, face: face,
			exec: &c.exec, secrets: &c.secrets,
		})
	}
	return openStandalone(ctx, standaloneConfig{
		data: c.data, listen: c.listen, fleet: c.fleet, id: c.id, health: &c.health, exec: &c.exec, secrets: &c.secrets, log: face.logger(),
	})
}

// check checks the flags.
func (c *upCommand) check(cmd *cobra.Command) (slog.Level, error) {
	many := cmd.Flags().Changed("gateways")
	switch {
	case many && (c.gateways < 1 || c.gateways > maxGateways):
		return 0, fmt.Errorf("--gateways %d is not from 1 to %d", c.gateways, maxGateways)
	case many && cmd.Flags().Changed("id"):
		return 0, fmt.Errorf("--id does not go with --gateways, which are gw-1, gw-2 and so on")
	case !many && c.restart:
		return 0, fmt.Errorf("--restart goes with --gateways only")
	case many && cmd.Flags().Changed("health"):
		return 0, fmt.Errorf("--health does not go with --gateways: each of them says in its log where it tells how it does")
	}
	if err := errors.Join(c.health.check(cmd), c.exec.check(), c.secrets.check()); err != nil {
		return 0, err
	}
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
	fleet, err := fleetfile.Read(c.file, roostv1.WithProfiles(lookup(gateway.Profiles())), roostv1.WithDrivers(drivers()...),
		roostv1.WithCheck(gateway.Checks()))
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

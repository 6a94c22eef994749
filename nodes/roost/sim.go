package main

import (
	"fmt"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/sim"
)

const simHelp = `Run simulated hardware in a process of its own, which outlives the gateways that
use it, and which writes down all that is done to it: who read, who acted, under
which epoch. That log is the truth when gateways are killed.

  roost sim --log truth.log --devices 10
  roost sim fleet --devices 10 > rig.yaml
  roost up --fleet rig.yaml
  roost send rig-1 dose ml=5

A line that starts with "ready" and the address says that gateways can dial it.
It listens on loopback only: anybody who reaches it may do anything.`

// simCommand is roost sim.
type simCommand struct {
	program
	listen    string
	log       string
	prefix    string
	devices   int
	seed      uint64
	fenced    bool
	exclusive bool
	idle      time.Duration

	control    bool
	withParent bool
}

func newSim(p program) *cobra.Command {
	c := &simCommand{program: p}
	cmd := &cobra.Command{
		Use:               "sim --log FILE",
		GroupID:           groupRun,
		Short:             "Run simulated hardware that outlives gateways",
		Long:              simHelp,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	cmd.PersistentFlags().StringVar(&c.listen, "listen", sim.DefaultListen, "`HOST:PORT` that gateways dial")
	cmd.PersistentFlags().StringVar(&c.prefix, "prefix", "rig", "the devices are `NAME`-1, NAME-2 and so on")
	cmd.PersistentFlags().IntVar(&c.devices, "devices", 10, "how many devices there are")
	cmd.PersistentFlags().BoolVar(&c.exclusive, "exclusive", false, "devices take one session at a time")
	cmd.Flags().StringVar(&c.log, "log", "", "`FILE` to which all is written that is done to the hardware")
	cmd.Flags().Uint64Var(&c.seed, "seed", 1, "seed of what is measured")
	cmd.Flags().BoolVar(&c.fenced, "fenced", false, "devices refuse an epoch that is older than the last")
	cmd.Flags().DurationVar(&c.idle, "idle", sim.DefaultIdle, "after how long without a request a connection is closed")
	cmd.Flags().BoolVar(&c.control, "control", false, `obey lines of the standard input: behave rig-1 {"decline":0.5}`)
	parentFlag(cmd, &c.withParent)
	cmd.AddCommand(&cobra.Command{
		Use:               "fleet",
		Short:             "Write a fleet file for the devices of roost sim",
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return c.fleet(cmd) },
	})
	return cmd
}

func (c *simCommand) run(cmd *cobra.Command, _ []string) error {
	if c.log == "" {
		return usage(cmd, "--log FILE is missing")
	}
	if err := c.check(cmd); err != nil {
		return err
	}
	kind := sim.Device{ID: c.prefix, Fenced: c.fenced, ExclusiveSession: c.exclusive}
	hardware, err := sim.New(sim.Config{Listen: c.listen, Log: c.log, Devices: sim.Series(c.devices, kind), Seed: c.seed, Idle: c.idle})
	if err != nil {
		return fmt.Errorf("start the hardware: %w", err)
	}
	switch {
	case c.control:
		go c.obey(hardware) // ends with the process
	case c.withParent:
		c.followParent()
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if _, err := fmt.Fprintf(c.Out, "ready %s  %d devices, log in %s\n", hardware.Addr(), c.devices, c.log); err != nil {
		return err
	}
	return hardware.Run(ctx)
}

// obey has the hardware obey what comes in, to its end.
func (c *simCommand) obey(hardware *sim.Hardware) {
	hardware.Obey(c.In, func(err error) { _, _ = fmt.Fprintln(c.Err, "roost sim: "+console.Clean(err.Error())) })
	if c.withParent {
		c.Stop()
	}
}

func (c *simCommand) check(cmd *cobra.Command) error {
	if c.devices < 1 || c.devices > maxSimDevices {
		return usage(cmd, "--devices %d is not from 1 to %d", c.devices, maxSimDevices)
	}
	return nil
}

// maxSimDevices bounds a slip of the finger.
const maxSimDevices = 100_000

// fleet writes the fleet file. The profile comes with the driver.
func (c *simCommand) fleet(cmd *cobra.Command) error {
	if err := c.check(cmd); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.Out, "devices:"); err != nil {
		return err
	}
	for _, d := range sim.Series(c.devices, sim.Device{ID: c.prefix}) {
		if _, err := fmt.Fprintf(c.Out, "  - {id: %s, profile: %s, driver: %s, poll_interval: 1s, exclusive_session: %v, address: {hardware: %q}}\n",
			d.ID, rig.ProfileID, rig.Name, c.exclusive, c.listen); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/doctor"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const doctorHelp = `Look at a fleet and at this machine, say what is unsafe, and how to mend it: the
hub's version and settings, its streams and their replicas, how far away it is
against the lease, what gateways, devices and commands are not as they should
be, what these credentials may do, and how fast the disk below --data syncs.

Nothing is changed: to measure, a record is written that the hub drops after a
minute, and a file in --data that is removed.

What cannot be seen is said to be unknown. The exit code is 0 if nothing worse
was found, 3 if something should be mended, and 4 if a promise does not hold;
so it is if the hub is away. --json has one object a line, as each check ends:
its name, the state (ok, unknown, warning or unsafe), what was seen, and mend.`

// doctorTime is how long all checks may take together: on a bad line each of them waits.
const doctorTime = 20 * time.Second

// doctorCommand is roost doctor.
type doctorCommand struct {
	program
	link
	json bool
	data string
}

func newDoctor(p program) *cobra.Command {
	c := &doctorCommand{program: p}
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: groupUse,
		Short:   "Find out what is unsafe about a fleet, and how to mend it",
		Long:    doctorHelp,
		Example: `  roost doctor
  roost doctor --data ./data           # this machine's disk, too
  roost doctor --json | jq 'select(.state == "unsafe")'`,
		Args:              takes(),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	c.link.where(cmd, p)
	f := cmd.Flags()
	f.DurationVar(&c.timeout, "timeout", doctorTime, "how long all of it may take")
	f.StringVar(&c.data, "data", "", "`FOLDER` of a hub or gateway, to see how fast its disk is")
	f.BoolVar(&c.json, "json", false, "one JSON object a line, for scripts")
	_ = cmd.MarkFlagDirname("data")
	return cmd
}

func (c *doctorCommand) run(cmd *cobra.Command, _ []string) error {
	if c.timeout <= 0 {
		return usage(cmd, "--timeout %v is not above zero", c.timeout)
	}
	if err := c.identify(cmd); err != nil { // the fleet to look for is that of the credentials
		return err
	}
	if err := roostv1.CheckID("--fleet-name", c.fleet); err != nil {
		return usage(cmd, "%v", err)
	}
	ctx, cancel := c.bounded(cmd.Context())
	defer cancel()
	var all []doctor.Finding
	var failed error
	err := doctor.Examine(ctx, doctor.Config{
		Fleet: c.fleet, Folder: c.data, Version: readVersion().Version,
		Connect: func(context.Context) (cluster.Link, error) { return c.dial(cmd) },
	}, func(f doctor.Finding) {
		all = append(all, f)
		if c.json && failed == nil {
			failed = json.NewEncoder(c.Out).Encode(f)
		}
	})
	if err == nil {
		err = failed
	}
	if err == nil && !c.json {
		err = console.Findings(c.screen(), all)
	}
	switch {
	case err != nil:
		return err
	case cmd.Context().Err() != nil:
		return context.Cause(cmd.Context())
	}
	return worst(all)
}

// worst is an exit code, and no error: what was found says it all.
func worst(all []doctor.Finding) error {
	switch doctor.Worst(all) {
	case doctor.Warning:
		return &exit{code: exitWarning}
	case doctor.Unsafe:
		return &exit{code: exitUnsafe}
	default:
		return nil
	}
}

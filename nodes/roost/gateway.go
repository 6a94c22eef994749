package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/spool"
	"github.com/roost-iot/roost/nodes/health"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const gatewayHelp = `Run one gateway of a fleet in a process of its own. It joins through the hub,
serves its share of the devices, takes over those of gateways that die, and
hands its own over when it stops. It only dials out: nothing needs to reach it.

A hub that is away is waited for. A line that starts with "ready" and the
address of the hub says that the gateway has joined; from then on there is a
line for each event here.

An id is for one process. A second one with the same id ends and says where the
first one runs. After a machine or process died it may take a lease until the
next one has the name; with the same data folder on the same machine it has it
at once.

Readings are kept on this disk until the hub has them: nothing is lost while it
is away, or this machine without power. What does not fit, or is too old, is
dropped from its oldest end, and the stream says so.

With labels, devices are kept to gateways that can reach them: a device whose
placement selects site=north is served only where --label site=north is given.
All gateways of a fleet have the same lease: the longer it is, the longer it
takes until the devices of a dead gateway are served elsewhere.

A hub that knows users by name wants a gateway's credentials: --creds FILE says
where the hub and the fleet are, and what the gateway's id is.

Devices of the driver exec are programs, which run only where --exec-allow says
so: a folder of them, or one program. Allow no interpreter: with arguments that
the fleet names it would do anything.

Passwords and keys of devices are read only where --secrets says so, or else in
the folder secrets below its data, and from variables that begin with
ROOST_SECRET_: who may change the fleet names any place, and who gets what is
there. Name the folder of devices' secrets alone, with nothing else in it.

On its own machine it tells how it does, over HTTP on loopback: /healthz,
/readyz, and /metrics for Prometheus. People there can use it without the hub:
see --local of roost devices, device show, readings, why and send.

Ctrl-C or SIGTERM stops it in order, within 5 s; a second Ctrl-C at once.`

// gatewayCommand is roost gateway, and what is below it.
type gatewayCommand struct {
	program
	link
	id         string
	labels     map[string]string
	weight     uint32
	lease      time.Duration
	data       string
	spoolBytes int64
	spoolAge   time.Duration
	logLevel   string
	health     healthFlag
	exec       execAllow
	secrets    secrets
	withParent bool
	wait       time.Duration // of drain
}

func newGateway(p program) *cobra.Command {
	c := &gatewayCommand{program: p}
	cmd := &cobra.Command{
		Use:     "gateway --id ID",
		GroupID: groupRun,
		Short:   "Run one gateway of a fleet",
		Long:    gatewayHelp,
		Example: `  roost gateway --id gw-1
  roost gateway --id gw-2 --hub nats://hub.plant:4222 --label site=north
  roost gateway --creds gw-2.creds
  roost gateway drain gw-2`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	c.link.where(cmd, p)
	f := cmd.Flags()
	f.StringVar(&c.id, "id", "", "`ID` of the gateway (default: the name in its credentials)")
	f.StringToStringVar(&c.labels, "label", nil, "`KEY=VALUE` that devices select; may be given again")
	f.Uint32Var(&c.weight, "weight", 1, "its share of the devices, relative to others")
	f.DurationVar(&c.lease, "lease", lease.DefaultLease, "how long it may act without a word of the hub")
	f.StringVar(&c.data, "data", "", "`FOLDER` that keeps what is its own (default: one of this user)")
	c.health.flag(cmd, health.GatewayAddress)
	f.Int64Var(&c.spoolBytes, "spool-max-bytes", 0, "`BYTES` of readings that may wait on disk for the hub (default: 1 GiB, or 80 % of the disk)")
	f.DurationVar(&c.spoolAge, "spool-max-age", spool.DefaultMaxAge, "how old they may be")
	c.exec.flag(cmd, p)
	c.secrets.flag(cmd, p)
	logLevelFlag(cmd, &c.logLevel)
	parentFlag(cmd, &c.withParent)
	_ = cmd.MarkFlagDirname("data") // the flag is there
	cmd.AddCommand(c.newDrain())
	return cmd
}

// check checks the flags.
func (c *gatewayCommand) check(cmd *cobra.Command) (slog.Level, error) {
	if c.id == "" {
		return 0, fmt.Errorf("--id ID is missing")
	}
	for _, err := range []error{
		roostv1.CheckID("--id", c.id),
		roostv1.CheckID("--fleet-name", c.fleet),
		roostv1.CheckLabels("--label", c.labels),
		lease.Terms{Lease: c.lease}.Validate(),
		c.health.check(cmd),
		c.exec.check(),
		c.secrets.check(),
	} {
		if err != nil {
			return 0, err
		}
	}
	switch {
	case c.lease == 0: // which the terms take for the default
		return 0, fmt.Errorf("--lease 0s: it must be above zero")
	case c.weight < 1 || c.weight > maxWeight:
		return 0, fmt.Errorf("--weight %d is not from 1 to %d", c.weight, maxWeight)
	}
	return parseLogLevel(c.logLevel)
}

// maxWeight bounds a slip of the finger.
const maxWeight = 1000

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/nodes/health"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const hubHelp = `Run the hub that gateways dial: a NATS server with JetStream, and with the
settings that Roost relies on. What it acknowledged is on disk.

Without --cluster it runs alone. With --cluster it is one of three that all hold
everything: two of them serve, whichever the third is.

  peers=localhost:6222,localhost:6223,localhost:6224
  roost hub --cluster north --peers $peers --route localhost:6222

and so on for the other two, which on one machine need a --listen of their own
as well. The --route of a hub is also its name among the others, and must stay
what it is. Gateways and clients dial all three:

  roost devices --hub nats://localhost:4222,nats://localhost:4223

A line that starts with "ready" and the address says that it serves. One of
three says so when two of them have found each other, and what it waits for
until then.

It tells how it does, over HTTP on loopback: /healthz, /readyz, and /metrics for
Prometheus.

It listens on loopback only, since anybody who reaches it may do anything, until
it has users. These two commands make them; from then on it speaks TLS, asks for
credentials, and may listen anywhere:

  roost hub init --host hub.plant
  roost hub enrol gateway gw-1
  roost hub --listen 0.0.0.0:4222

Hubs of a cluster all have the same users: make them once, for the hosts of all
three, and copy the folder "security" to the data folder of each. To change
them, copy its file "users".

A data folder belongs to one hub, alone or in a cluster, for good.

Ctrl-C or SIGTERM stops it in order, within 5 s; a second Ctrl-C at once.`

// hubCommand is roost hub.
type hubCommand struct {
	program
	data     string
	listen   string
	cluster  string
	route    string
	peers    []string
	health   healthFlag
	logLevel string
}

func newHub(p program) *cobra.Command {
	c := &hubCommand{program: p}
	cmd := &cobra.Command{
		Use:     "hub",
		GroupID: groupRun,
		Short:   "Run the hub that gateways dial, alone or as one of three",
		Long:    hubHelp,
		Example: `  roost hub
  roost hub --data ./data --log-level info`,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              c.run,
	}
	f := cmd.Flags()
	f.StringVar(&c.data, "data", "", "`FOLDER` that keeps everything (default: one of this user)")
	f.StringVar(&c.listen, "listen", hub.DefaultListen, "`HOST:PORT` for clients; a port of 0 is any")
	f.StringVar(&c.cluster, "cluster", "", "`NAME` of the cluster that it is one of three of")
	f.StringVar(&c.route, "route", "", "`HOST:PORT` that the other two dial")
	f.StringSliceVar(&c.peers, "peers", nil, "the routes of all three, a `LIST` with commas")
	c.health.flag(cmd, health.HubAddress)
	logLevelFlag(cmd, &c.logLevel)
	_ = cmd.MarkFlagDirname("data")
	for _, flag := range []string{"listen", "cluster", "route", "peers"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.NoFileCompletions) // the flag is there
	}
	cmd.AddCommand(newHubInit(p), newHubEnrol(p), newHubRevoke(p), newHubUsers(p), newHubRenew(p), newHubConfig(p), newHubApply(p))
	return cmd
}

// run runs the hub, unless there is an argument: that is no command then.
func (c *hubCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return group(cmd, args)
	}
	level, err := c.check()
	if err == nil {
		err = c.health.check(cmd)
	}
	if err != nil {
		return usage(cmd, "%v", err)
	}
	if c.data, err = hubFolder(c.data, c.cluster, c.route, c.Getenv); err != nil {
		return &exit{exitUsage, err}
	}
	c.say("starting with data in %s", c.data)
	h, err := hub.Open(cmd.Context(), c.config(level))
	if err != nil {
		return err
	}
	told, err := c.health.open(hubSubject{h}, c.config(level).Logger)
	if err != nil {
		return errors.Join(err, closeHub(h))
	}
	if err := withinBound(cmd.Context(), func(ctx context.Context) error { return c.serve(ctx, h, told) }); err != nil {
		return err
	}
	c.say("stopped")
	return nil
}

// check checks the flags, as far as the hub does not.
func (c *hubCommand) check() (slog.Level, error) {
	level, err := parseLogLevel(c.logLevel)
	if err != nil {
		return 0, err
	}
	if c.cluster == "" && c.route == "" && len(c.peers) == 0 {
		return level, nil
	}
	if c.cluster == "" || c.route == "" || len(c.peers) == 0 {
		return 0, errors.New("one of three needs all of --cluster, --route and --peers")
	}
	return level, roostv1.CheckID("--cluster", c.cluster)
}

func (c *hubCommand) config(level slog.Level) hub.Config {
	config := hub.Config{Data: c.data, Listen: c.listen, Logger: newLogger(c.Err, level, false)}
	if c.cluster != "" {
		config.Cluster = &hub.Cluster{Name: c.cluster, Route: c.route, Peers: c.peers}
	}
	return config
}

// serve says when the hub can be used, watches its disk until ctx ends or that fails, and closes it.
func (c *hubCommand) serve(ctx context.Context, h *hub.Hub, told *health.Server) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all errgroup.Group
	all.Go(func() error {
		defer stop()
		return h.Watch(ctx)
	})
	all.Go(func() error {
		c.announce(ctx, h, told)
		return nil
	})
	if told != nil {
		all.Go(func() error {
			if err := told.Run(ctx); err != nil { // no reason for a hub to stop
				c.say("%v", err)
			}
			return nil
		})
	}
	err := all.Wait()
	c.say("stopping")
	return errors.Join(err, closeHub(h))
}

// announce says that the hub can be used when it can, and before that what it waits for.
func (c *hubCommand) announce(ctx context.Context, h *hub.Hub, told *health.Server) {
	now, cancel := context.WithCancel(ctx)
	cancel()
	if c.cluster != "" && h.Quorum(now) != nil {
		c.say("waiting for another hub of cluster %s, at %s", c.cluster, strings.Join(h.Peers(), " or "))
	}
	if h.Quorum(ctx) != nil {
		return // it is about to stop
	}
	whose := ""
	if c.cluster != "" {
		whose = " of cluster " + c.cluster
	}
	c.say("ready %s  %s%s, data in %s%s", h.URL(), h.Name(), whose, c.data, healthClause(told))
}

// say writes a line. That nobody reads it any more stops no hub.
func (c *hubCommand) say(format string, args ...any) { _, _ = fmt.Fprintf(c.Out, format+"\n", args...) }

// closeHub closes a hub, and says what it means if that takes too long.
func closeHub(h *hub.Hub) error {
	if err := h.Close(); err != nil {
		return fmt.Errorf("%w; what was acknowledged is on disk", err)
	}
	return nil
}

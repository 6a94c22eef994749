package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/gateway"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// hubWait is how long the hub may be silent before it is said that it is waited for.
const hubWait = time.Second

// run runs the gateway, unless there is an argument: that is no command then.
func (c *gatewayCommand) run(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return group(cmd, args)
	}
	if err := c.identify(cmd); err != nil {
		return err
	}
	if err := c.identifyGateway(); err != nil {
		return err
	}
	level, err := c.check(cmd)
	if err != nil {
		return usage(cmd, "%v", err)
	}
	if c.data, err = dataFolder(c.data, c.Getenv); err != nil {
		return &exit{exitUsage, err}
	}
	if c.withParent {
		c.followParent()
	}
	own := gatewayFolder(c.data, c.id)
	folder, err := gateway.OpenFolder(own)
	switch {
	case errors.Is(err, gateway.ErrFolderInUse):
		return err
	case err != nil:
		return &exit{exitCreate, err}
	}
	defer folder.Close() // it ends with the process at the latest
	log := newLogger(c.Err, level, false)
	refusal := lastError{credential: c.credential}
	to, err := c.connect(log, nats.ReconnectErrHandler(refusal.note))
	if err != nil {
		return err
	}
	defer to.Close()
	nc := to.Data
	lines, places := newEventLines(c.program), c.secrets.of(c.data)
	g, err := gateway.New(gateway.Config{
		ID: c.id, Fleet: c.fleet, Conn: nc, Talk: to.Talk, Labels: c.labels, Weight: c.weight, Lease: c.lease,
		Folder: folder, Edge: true, Spool: c.spool(own), Version: readVersion().Version, Events: lines.event, Logger: log,
		Drivers: c.exec.drivers(places, log), Secrets: places,
	})
	if err != nil {
		return err
	}
	here, err := openBeside(g, own, &c.health, log)
	if err != nil {
		return err
	}
	lines.line(fmt.Sprintf("starting gateway %s of fleet %s with data in %s%s", c.id, c.fleet, own, healthClause(here.health)))
	if w := here.warning(); w != "" {
		lines.line(w)
	}
	defer lines.start()()
	err = withinBound(cmd.Context(), func(ctx context.Context) error { return c.serve(ctx, g, here, nc, &refusal, lines) })
	switch {
	case errors.Is(err, roostv1.ErrConflict): // the name or the streams are another one's
		return &exit{exitUnavailable, err}
	case err != nil:
		return err
	}
	lines.line("stopped")
	return nil
}

// serve runs the gateway until ctx ends or it fails, and says when it has joined.
func (c *gatewayCommand) serve(ctx context.Context, g *gateway.Gateway, here *beside, nc *nats.Conn, refusal *lastError, lines *eventLines) error {
	defer context.AfterFunc(ctx, func() { lines.line("stopping") })()
	ctx, stop := context.WithCancel(ctx)
	rest, end := context.WithCancel(context.WithoutCancel(ctx)) // of what tells also how it stops
	defer end()
	var all errgroup.Group
	all.Go(func() error {
		defer end()
		defer stop()
		return g.Run(ctx)
	})
	all.Go(func() error {
		here.run(rest)
		return nil
	})
	all.Go(func() error {
		c.announce(ctx, g, here, nc, refusal, lines)
		return nil
	})
	return all.Wait()
}

// announce says when the gateway has joined, and before that for what it waits.
func (c *gatewayCommand) announce(ctx context.Context, g *gateway.Gateway, here *beside, nc *nats.Conn, refusal *lastError, lines *eventLines) {
	soon, cancel := context.WithTimeout(ctx, hubWait)
	defer cancel()
	if g.Ready(soon) != nil && !nc.IsConnected() && ctx.Err() == nil {
		lines.line(refusal.waiting(c.hub))
		c.announceAlone(ctx, g, lines)
	}
	if g.Ready(ctx) == nil {
		lines.line(fmt.Sprintf("ready %s  fleet %s, gateway %s%s", nc.ConnectedUrlRedacted(), c.fleet, c.id, healthClause(here.health)))
	}
}

// announceAlone says that devices run without the hub, if they do.
func (c *gatewayCommand) announceAlone(ctx context.Context, g *gateway.Gateway, lines *eventLines) {
	if g.Cluster().UntilAlone(ctx) {
		n, revision := g.Alone()
		lines.line(fmt.Sprintf("running %d attached devices from the registry stored at revision %d: the hub at %s is away", n, revision, cluster.Redact(c.hub)))
	}
}

// lastError is why the hub was not reached the last time it was tried.
type lastError struct {
	credential *access.Credential // that was used; nil: none was
	err        atomic.Value
}

func (l *lastError) note(_ *nats.Conn, err error) { l.err.Store(&err) }

// waiting says for what hub the gateway waits, and why.
func (l *lastError) waiting(hub string) string {
	text := "waiting for the hub at " + cluster.Redact(hub)
	err, ok := l.err.Load().(*error)
	if !ok {
		return text
	}
	problem := cluster.ConnectProblem(hub, l.credential, *err)
	if errors.Is(problem, roostv1.ErrPermission) {
		return "waiting: " + console.Clean(problem.Error())
	}
	return text + ": " + console.Clean((*err).Error())
}

// connect connects to the hub, also one that is away.
func (c *gatewayCommand) connect(log *slog.Logger, noted nats.Option) (cluster.Link, error) {
	if c.credential != nil {
		return cluster.ConnectGatewayAs(c.credential, log, noted)
	}
	nc, err := cluster.ConnectGateway(c.hub, c.id, log, noted)
	return cluster.Link{Data: nc}, err
}

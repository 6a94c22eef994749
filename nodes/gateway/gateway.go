package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/spool"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Config says what a gateway is made of.
type Config struct {
	// ID of the gateway.
	ID string
	// Fleet that it belongs to; default cluster.DefaultFleet.
	Fleet string
	// Conn to the hub, made by cluster.ConnectGateway. It is not closed.
	Conn *nats.Conn
	// Talk is the connection for all but streams, as a hub that knows users by name wants it; default Conn. It is not
	// closed.
	Talk *nats.Conn
	// Drivers by the names that devices give, besides those that come with Roost; one
	// of the same name takes its place.
	Drivers map[string]actors.Driver
	// Secrets are where the drivers that come with Roost may look for the secrets that devices name; nil: nowhere.
	Secrets *keys.Places
	// Labels for the placement of devices.
	Labels map[string]string
	// Weight is its share of the fleet, relative to others; default 1.
	Weight uint32
	// Lease is how long it may act without a word of the hub; default 2 s. The same for all
	// gateways of a fleet.
	Lease time.Duration
	// Folder proves to the next process that this one has ended, so that it need not wait for the end of
	// this one's lease; nil: there is none. It is not closed.
	Folder *Folder
	// Edge has the gateway keep in its Folder what it needs to run without the hub the devices that only it can
	// reach. A hub in the same process is never away.
	Edge bool
	// Spool keeps readings on disk until the hub has them; nil: they go straight to the hub, as where that
	// is in the same process. Only its folder and its bounds are to be set.
	Spool *spool.Config
	// Version of the program, for tables.
	Version string
	// Schema of the fleet's streams, where they are to be made.
	Schema cluster.Schema
	// Events is told what happens here, also while the fleet cannot be told; nil: nobody is. It must
	// not block.
	Events func(*roostv1.Event)
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

// Gateway is a whole gateway.
type Gateway struct {
	id       string
	readings *cluster.Readings
	spool    *spool.Spool // nil: there is none
	actors   *actors.Gateway
	cluster  *cluster.Gateway

	controls controls

	tap     *control.Tap
	watched *watched
	ending  atomic.Bool // Run's context has ended
}

// New puts a gateway together; Run starts it. The error is about the configuration.
func New(cfg Config) (*Gateway, error) {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Fleet == "" {
		cfg.Fleet = cluster.DefaultFleet
	}
	if cfg.Conn == nil {
		return nil, fmt.Errorf("gateway %s has no connection", cfg.ID)
	}
	names, err := cluster.SubjectsOf(cfg.Fleet)
	if err != nil {
		return nil, err
	}
	g := &Gateway{id: cfg.ID, readings: cluster.NewReadings(cfg.Conn, names, cfg.ID, cfg.Logger), tap: control.NewTap()}
	g.watched = &watched{gateway: g, fleet: cfg.Fleet, version: cfg.Version}
	host := &lateHost{}
	if g.controls, err = newControls(); err != nil {
		return nil, err
	}
	config, err := cfg.cluster(host)
	if err != nil {
		return nil, err
	}
	config.Wall = g.controls.wall()
	if cfg.Spool != nil {
		config.Spool = g.spoolStatus
	}
	if g.cluster, err = cluster.NewGateway(config); err != nil {
		return nil, err
	}
	if cfg.Events != nil {
		g.cluster.Hear(cfg.Events)
	}
	store, err := g.store(cfg)
	if err != nil {
		return nil, err
	}
	drivers := Drivers(cfg.ID, uuid.NewString(), cfg.Secrets, cfg.Logger)
	maps.Copy(drivers, cfg.Drivers)
	if g.actors, err = actors.New(actors.Config{
		ID:        cfg.ID,
		Drivers:   drivers,
		Store:     tapped{store, g.tap},
		Fence:     g.cluster.Fence(),
		Rights:    g.cluster.Rights(),
		Peers:     g.cluster.Peers(),
		Journal:   g.cluster.Journal(),
		Clock:     g.cluster.Clock(),
		Boot:      g.cluster.BootClock(),
		Wall:      g.controls.wall(),
		Submitter: g.cluster,
		Events:    g.cluster.Emit,
		Logger:    cfg.Logger,
	}); err != nil {
		return nil, errors.Join(err, g.closeSpool())
	}
	host.Gateway = g.actors
	return g, nil
}

// lateHost is the actors, which are made after the cluster's part since they need its fence.
type lateHost struct{ *actors.Gateway }

// cluster is the configuration of the cluster's part.
func (c Config) cluster(host *lateHost) (cluster.Config, error) {
	config := cluster.Config{
		Fleet: c.Fleet, ID: c.ID, Labels: c.Labels, Weight: c.Weight, Version: c.Version,
		Conn: c.Conn, Talk: c.Talk, Host: host, Live: host, Logger: c.Logger, Schema: c.Schema, Lease: lease.Terms{Lease: c.Lease},
		BootID: bootID(),
	}
	if c.Folder != nil {
		config.Ended, config.Begun = c.Folder.Ended(), c.Folder.Begin
	}
	if c.Folder == nil || !c.Edge {
		return config, nil
	}
	var err error
	config.Edge, err = cluster.OpenEdge(c.Folder.Path(), c.Fleet, c.ID)
	return config, err
}

// Alone returns how many devices run from the stored registry since the hub was away when the gateway started, and up to
// which sequence of the control stream that holds; 0 if none do.
func (g *Gateway) Alone() (devices int, revision uint64) { return g.cluster.Alone() }

// Cluster is the gateway's part in the cluster.
func (g *Gateway) Cluster() *cluster.Gateway { return g.cluster }

// Ready returns nil once the gateway has joined its fleet and takes requests: from then on the registry can be
// written, its devices are opened, and whoever sends a command finds it. It is for use beside Run; the error is that of ctx.
func (g *Gateway) Ready(ctx context.Context) error {
	select {
	case <-g.cluster.Listening():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Run runs the gateway until ctx ends, and then stops it in order, within five seconds. It
// returns when everything has ended. An error tells why it could not go on, or what had to
// be cut off at the end. A gateway runs once.
func (g *Gateway) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	actorsCtx, stopActors := context.WithCancel(context.WithoutCancel(ctx))
	defer stopActors()
	storeCtx, stopStore := context.WithCancel(context.WithoutCancel(ctx))
	defer stopStore()
	defer context.AfterFunc(ctx, func() { g.ending.Store(true) })()
	var all errgroup.Group // whoever ends lets the next one end
	all.Go(func() error {
		defer cancel()
		return g.readings.Run(storeCtx)
	})
	spoolCtx, stopSpool := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSpool()
	all.Go(func() error {
		defer stopStore()
		if g.spool == nil {
			<-spoolCtx.Done()
			return nil
		}
		defer cancel()
		return g.spool.Run(spoolCtx)
	})
	all.Go(func() error {
		defer cancel()
		defer stopSpool()
		return g.actors.Run(actorsCtx)
	})
	all.Go(func() error {
		defer stopActors()
		return g.cluster.Run(ctx)
	})
	all.Go(func() error {
		if err := g.controls.run(ctx); err != nil {
			defer cancel()
			return err
		}
		return nil
	})
	return all.Wait()
}

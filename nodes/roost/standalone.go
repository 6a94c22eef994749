package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// standaloneConfig says what a standalone is made of.
type standaloneConfig struct {
	data, listen string // of the hub
	fleet, id    string // of the gateway
	health       *healthFlag
	exec         *execAllow
	secrets      *secrets
	log          *slog.Logger
}

// standalone is a hub, a gateway with its devices, and a client of them, in one process.
type standalone struct {
	config  standaloneConfig
	hub     *hub.Hub
	folder  *gateway.Folder
	conns   []*nats.Conn
	client  *cluster.Client
	gateway *gateway.Gateway
	beside  *beside
}

// openStandalone opens the hub and puts the gateway together; run starts it.
func openStandalone(ctx context.Context, config standaloneConfig) (*standalone, error) {
	h, err := hub.Open(ctx, hub.Config{Data: config.data, Listen: config.listen, Logger: config.log})
	if err != nil {
		return nil, err
	}
	s := &standalone{config: config, hub: h}
	if err := s.connect(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// connect puts gateway and client on connections within the process. That they end says nothing: they
// do so with the hub, or when they are closed.
func (s *standalone) connect(ctx context.Context) error {
	var err error
	if s.folder, err = gateway.OpenFolder(gatewayFolder(s.config.data, s.config.id)); err != nil {
		return err
	}
	log, inside, quiet := s.config.log, nats.InProcessServer(s.hub.InProcess()), nats.DisconnectErrHandler(nil)
	forGateway, err := cluster.ConnectGateway(s.hub.URL(), s.config.id, log, inside, quiet)
	if err != nil {
		return err
	}
	s.conns = append(s.conns, forGateway)
	places := s.config.secrets.of(s.config.data)
	if s.gateway, err = gateway.New(gateway.Config{
		ID: s.config.id, Fleet: s.config.fleet, Conn: forGateway, Version: readVersion().Version, Logger: log,
		Schema: schema(ctx, s.config.data), Folder: s.folder, Drivers: s.config.exec.drivers(places, log), Secrets: places,
	}); err != nil {
		return err
	}
	if s.beside, err = openBeside(s.gateway, gatewayFolder(s.config.data, s.config.id), s.config.health, log); err != nil {
		return err
	}
	if w := s.beside.warning(); w != "" {
		log.Warn(w)
	}
	forClient, err := cluster.ConnectClient(ctx, s.hub.URL(), "roost up", log, inside, quiet)
	if err != nil {
		return err
	}
	s.conns = append(s.conns, forClient)
	s.client, err = cluster.NewClient(forClient, s.config.fleet)
	return err
}

// scene is what there is to show.
func (s *standalone) scene(fleet *roostv1.Fleet) scene {
	starter := starter{
		client: s.client, log: s.config.log, example: builtIn,
		gateways: func() ([]string, error) { return []string{s.config.id}, nil },
	}
	return scene{
		client: s.client, url: s.hub.URL(), fleet: s.config.fleet, gateways: "gateway " + s.config.id, data: s.config.data,
		health: healthClause(s.beside.health),
		start:  func(ctx context.Context) ([]*roostv1.DeviceStatus, error) { return starter.start(ctx, fleet) },
		last: func(e *roostv1.Event) bool {
			return e.Kind == roostv1.EventKind_EVENT_KIND_GATEWAY && e.Gateway == s.config.id
		},
	}
}

// run runs until ctx ends, the gateway or the hub fails, or show returns, and then stops everything in
// order: first the gateway, then show, which is told by the end of rest, then the hub. show
// is to let go of the terminal when its first context ends, and may tell what happens until the second.
func (s *standalone) run(ctx context.Context, show func(ctx, rest context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var all errgroup.Group
	all.Go(func() error {
		defer end()
		defer stop()
		return s.gateway.Run(ctx)
	})
	all.Go(func() error {
		s.beside.run(rest)
		return nil
	})
	all.Go(func() error {
		defer stop()
		return s.hub.Watch(rest)
	})
	all.Go(func() error {
		defer stop()
		return show(ctx, rest)
	})
	err := all.Wait()
	return errors.Join(err, s.close())
}

// close closes what open opened, from the top.
func (s *standalone) close() error {
	for _, nc := range s.conns {
		nc.Close()
	}
	if s.beside != nil {
		_ = s.beside.close() // as it was when it ran
	}
	if s.folder != nil {
		_ = s.folder.Close() // it ends with the process at the latest
	}
	return closeHub(s.hub)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ensembleConfig says what an ensemble is made of.
type ensembleConfig struct {
	data, listen string // of the hub
	fleet        string
	gateways     int
	restart      bool
	logLevel     string // of the gateways
	face         face
	exec         *execAllow
	secrets      *secrets
}

// ensemble is a hub in this process, and gateways in processes of their own.
type ensemble struct {
	config   ensembleConfig
	hub      *hub.Hub
	conn     *nats.Conn
	client   *cluster.Client
	hardware *hardware
	gateways []*kept
}

// openEnsemble opens the hub and puts the rest together; run starts it.
func openEnsemble(ctx context.Context, config ensembleConfig) (*ensemble, error) {
	h, err := hub.Open(ctx, hub.Config{Data: config.data, Listen: config.listen, Logger: config.face.logger()})
	if err != nil {
		return nil, err
	}
	e := &ensemble{config: config, hub: h}
	e.hardware = &hardware{folder: filepath.Join(config.data, "hardware"), output: e.complaints(), note: config.face.note}
	if err := e.prepare(ctx); err != nil {
		return nil, errors.Join(err, e.close())
	}
	for i := range config.gateways {
		id := fmt.Sprintf("gw-%d", i+1)
		e.gateways = append(e.gateways, &kept{
			id: id, name: "gateway " + id, restart: config.restart, note: config.face.note,
			start: func() (*process, error) { return e.startGateway(id) },
		})
	}
	return e, nil
}

// prepare makes the fleet's streams, and starts the hardware if there was some before.
func (e *ensemble) prepare(ctx context.Context) error {
	var err error
	inside, quiet := nats.InProcessServer(e.hub.InProcess()), nats.DisconnectErrHandler(nil)
	if e.conn, err = cluster.ConnectClient(ctx, e.hub.URL(), "roost up", e.config.face.logger(), inside, quiet); err != nil {
		return err
	}
	if e.client, err = cluster.NewClient(e.conn, e.config.fleet); err != nil {
		return err
	}
	names, err := cluster.SubjectsOf(e.config.fleet)
	if err != nil {
		return err
	}
	if err := schema(ctx, e.config.data).Ensure(ctx, e.conn, names); err != nil {
		return err
	}
	address, err := e.hardware.known()
	if err != nil || address == "" {
		return err
	}
	_, err = e.hardware.start(ctx, address)
	return err
}

// startGateway starts the process of a gateway. What it says goes to a file, and what it complains
// of here too.
func (e *ensemble) startGateway(id string) (*process, error) {
	log, err := os.Create(filepath.Join(e.config.data, "gateway-"+id+".log"))
	if err != nil {
		return nil, err
	}
	args := slices.Concat([]string{"gateway", "--id", id, "--hub", e.hub.URL(), "--fleet-name", e.config.fleet, "--data", e.config.data,
		"--log-level", e.config.logLevel, "--with-parent"}, e.config.exec.args(), e.config.secrets.args())
	p, err := startProcess(log, io.MultiWriter(e.complaints(), log), args...)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() { // ends with the process
		<-p.ended
		_ = log.Close()
	}()
	return p, nil
}

// complaints is where a child complains.
func (e *ensemble) complaints() io.Writer { return &lineWriter{to: e.config.face.output()} }

// scene is what there is to show.
func (e *ensemble) scene(fleet *roostv1.Fleet) scene {
	starter := starter{client: e.client, log: e.config.face.logger(), gateways: e.running, example: e.example}
	which := "gateway gw-1"
	if n := e.config.gateways; n > 1 {
		which = fmt.Sprintf("gateways gw-1 to gw-%d", n)
	}
	return scene{
		client: e.client, url: e.hub.URL(), fleet: e.config.fleet, gateways: which, data: e.config.data,
		try: "roost gateways",
		start: func(ctx context.Context) ([]*roostv1.DeviceStatus, error) {
			if err := starter.untilAnswer(ctx); err != nil {
				return nil, err
			}
			return starter.start(ctx, fleet)
		},
		last: func(*roostv1.Event) bool { return false },
	}
}

// running returns the gateways that are to answer.
func (e *ensemble) running() (ids []string, err error) {
	for _, g := range e.gateways {
		if g.alive() {
			ids = append(ids, g.id)
		}
	}
	if len(ids) == 0 {
		return nil, &exit{exitUnavailable, errors.New("no gateway is left: see above why they ended")}
	}
	return ids, nil
}

// example starts hardware for a new fleet, and returns its devices.
func (e *ensemble) example(ctx context.Context) (*roostv1.Fleet, error) {
	address, err := e.hardware.start(ctx, "")
	if err != nil {
		return nil, err
	}
	return e.hardware.fleet(address), nil
}

// run runs until ctx ends, the hub fails, or show returns, and then stops everything in order: the
// gateways, show, the hardware, the hub. See standalone.run.
func (e *ensemble) run(ctx context.Context, show func(ctx, rest context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	rest, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var all errgroup.Group
	all.Go(func() error {
		defer end()
		defer stop()
		return e.runGateways(ctx)
	})
	all.Go(func() error {
		defer stop()
		return e.hub.Watch(rest)
	})
	all.Go(func() error {
		defer stop()
		return show(ctx, rest)
	})
	err := all.Wait()
	return errors.Join(err, e.close())
}

// runGateways runs the gateways until ctx ends, also when all of them have ended before: others may
// be started by hand.
func (e *ensemble) runGateways(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var all errgroup.Group
	for _, g := range e.gateways {
		all.Go(func() error {
			err := g.run(ctx)
			if err != nil {
				stop()
			}
			return err
		})
	}
	all.Go(func() error {
		<-ctx.Done()
		return nil
	})
	return all.Wait()
}

// close closes what was opened, from the top.
func (e *ensemble) close() error {
	e.hardware.stop()
	if e.conn != nil {
		e.conn.Close()
	}
	if err := e.hub.Close(); err != nil {
		return fmt.Errorf("%w; what was acknowledged is on disk", err)
	}
	return nil
}

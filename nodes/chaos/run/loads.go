package run

import (
	"context"
	"fmt"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/fleet"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/load"
)

// listeners are what listens to a fleet, each with a connection of its own.
type listeners struct {
	sink    *load.Sink
	watcher *load.Watcher
	asked   *load.Asked
	events  *cluster.Client
}

// openListeners connects them; the connections end with ctx.
func (r *running) openListeners(ctx context.Context) (listeners, error) {
	var l listeners
	names, err := cluster.SubjectsOf(fleet.Name)
	if err != nil {
		return l, err
	}
	sink, err := r.connect(ctx, "sink")
	if err != nil {
		return l, err
	}
	if l.events, err = r.connect(ctx, "events"); err != nil {
		return l, err
	}
	nc, err := r.fleet.Dial(ctx, "roost chaos hub")
	if err != nil {
		return l, err
	}
	context.AfterFunc(ctx, nc.Close)
	each, err := r.fleet.DialEach(ctx, "roost chaos renewals")
	if err != nil {
		return l, err
	}
	context.AfterFunc(ctx, func() {
		for _, nc := range each {
			nc.Close()
		}
	})
	l.asked = &load.Asked{Conns: each, Names: names, History: r.recorders.asked}
	l.sink = &load.Sink{Fleet: sink, History: r.recorders.sink, Clock: r.recorders.clock}
	l.watcher = &load.Watcher{Conn: nc, Names: names, History: r.recorders.hub, Clocks: r.recorders.clocks, Silence: r.settings.Lease.Std() * 2 / 5}
	return l, nil
}

// connect returns a client with a connection that ends with ctx.
func (r *running) connect(ctx context.Context, name string) (*cluster.Client, error) {
	nc, err := r.fleet.Dial(ctx, "roost chaos "+name)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, nc.Close)
	return cluster.NewClient(nc, fleet.Name)
}

// startClients has the fleet used until ctx ends.
func (r *running) startClients(ctx context.Context) error {
	if r.settings.Clients == 0 || r.settings.Rate == 0 {
		return nil
	}
	var devices []string
	for i := range r.settings.Devices {
		devices = append(devices, r.settings.Device(i+1))
	}
	if err := r.startRegisters(ctx, devices); err != nil {
		return err
	}
	return r.startSenders(ctx, devices)
}

// loopClients send commands and ask devices in a closed loop, beside those of the settings, which send in an open one.
const loopClients = 2

// startSenders has commands sent, and devices asked.
func (r *running) startSenders(ctx context.Context, devices []string) error {
	for i := range r.settings.Clients + loopClients {
		name, loops := fmt.Sprintf("client-%d", i+1), i >= r.settings.Clients
		if loops {
			name = fmt.Sprintf("loop-%d", i+1-r.settings.Clients)
		}
		writer, err := r.recorders.open(history.Header{Name: name})
		if err != nil {
			return err
		}
		writer.Written = r.recorders.written
		connected, hangUp := context.WithCancel(context.WithoutCancel(ctx))
		client, err := r.connect(connected, name)
		if err != nil {
			hangUp()
			return err
		}
		c := load.NewClient(load.ClientConfig{
			Name: name, Seed: r.Plan.Seed, Rate: r.settings.Rate / float64(r.settings.Clients), Devices: devices,
			Fleet: client, History: writer, Clocks: r.recorders.clocks, Tally: &r.tally,
		})
		r.clients.Go(func() {
			defer hangUp()
			if loops {
				c.Loop(ctx)
				return
			}
			c.Run(ctx)
		})
	}
	return nil
}

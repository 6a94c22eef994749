package fleet

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors/drivers/rig"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/placement"
	"github.com/roost-iot/roost/nodes/chaos/plan"
	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Dial connects to the hubs, beside all proxies.
func (f *Fleet) Dial(ctx context.Context, name string, options ...nats.Option) (*nats.Conn, error) {
	return cluster.ConnectClient(ctx, f.URL(), name, nil, options...)
}

// DialEach connects to each hub alone, beside all proxies. The connections wait for a hub that is away.
func (f *Fleet) DialEach(ctx context.Context, name string) ([]*nats.Conn, error) {
	var all []*nats.Conn
	for _, url := range f.urls {
		nc, err := cluster.ConnectClient(ctx, url, name, nil, nats.IgnoreDiscoveredServers())
		if err != nil {
			for _, nc := range all {
				nc.Close()
			}
			return nil, err
		}
		all = append(all, nc)
	}
	return all, nil
}

// URL is where the hubs are, beside all proxies.
func (f *Fleet) URL() string { return strings.Join(f.urls, ",") }

// Client uses the fleet from outside.
func (f *Fleet) Client() *cluster.Client { return f.client }

// Conn is the client's connection.
func (f *Fleet) Conn() *nats.Conn { return f.conn }

// connect connects, and makes the fleet's streams.
func (f *Fleet) connect(ctx context.Context) error {
	nc, err := f.Dial(ctx, "roost chaos")
	if err != nil {
		return err
	}
	f.conn = nc
	names, err := cluster.SubjectsOf(Name)
	if err != nil {
		return err
	}
	for {
		err = (cluster.Schema{}).Ensure(ctx, nc, names)
		if !errors.Is(err, roostv1.ErrUnavailable) {
			break
		}
		if !pause(ctx, 100*time.Millisecond) { // hubs that have just found each other
			return err
		}
	}
	if err != nil {
		return err
	}
	f.client, err = cluster.NewClient(nc, Name)
	return err
}

// Spec returns what the registry is told of the devices.
func (f *Fleet) Spec() *roostv1.Fleet {
	fleet := &roostv1.Fleet{Profiles: []*roostv1.Profile{rig.Profile()}}
	for i, d := range sim.Series(f.config.Devices, sim.Device{ID: "rig"}) {
		var placed *roostv1.Placement
		if gateway := f.config.AttachedTo(i + 1); gateway != "" {
			placed = &roostv1.Placement{Gateways: []string{gateway}}
		}
		fleet.Devices = append(fleet.Devices, &roostv1.DeviceSpec{
			Placement: placed, Id: d.ID, Profile: rig.ProfileID, Driver: rig.Name, PollInterval: durationpb.New(f.config.Period.Std()),
			ExclusiveSession: f.config.Mode == plan.ModeExclusive,
			Address:          map[string]string{"hardware": f.devices.Addr()},
		})
	}
	return fleet
}

func (f *Fleet) register(ctx context.Context) error {
	if _, err := f.client.Apply(ctx, f.Spec()); err != nil {
		return fmt.Errorf("register the devices: %w", err)
	}
	return nil
}

// Owners returns who serves each device, as those say who serve it; those that are not online are missing.
func (f *Fleet) Owners(ctx context.Context) (map[string]string, error) {
	devices, err := f.client.Devices(ctx)
	if err != nil {
		return nil, err
	}
	owners := map[string]string{}
	for _, d := range devices {
		if d.State == roostv1.DeviceState_DEVICE_STATE_ONLINE {
			owners[d.DeviceId] = d.Gateway
		}
	}
	return owners, nil
}

// Settled waits until each device is online where placement wants it, with all gateways there.
func (f *Fleet) Settled(ctx context.Context) error {
	var field []placement.Gateway
	for _, g := range f.gateways {
		field = append(field, placement.Gateway{ID: g.Name})
	}
	where := placement.NewField(field)
	for {
		unsettled := f.unsettled(ctx, where)
		if unsettled == "" {
			return nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return fmt.Errorf("%s: %w", unsettled, context.Cause(ctx))
		}
	}
}

// unsettled says what is not as it is to be in the end; empty: nothing.
func (f *Fleet) unsettled(ctx context.Context, where placement.Field) string {
	owners, err := f.Owners(ctx)
	if err != nil {
		return fmt.Sprintf("the hub does not answer: %v", err)
	}
	away, elsewhere := 0, 0
	for _, d := range f.Spec().Devices {
		first, _ := where.First(d.BusID())
		if d.Attached() {
			first = d.Placement.Gateways[0]
		}
		switch owners[d.Id] {
		case "":
			away++
		case first:
		default:
			elsewhere++
		}
	}
	if away+elsewhere == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d devices are not online, and %d are not where they belong", away, f.config.Devices, elsewhere)
}

// Leader returns the hub that leads the control stream; empty if there is none.
func (f *Fleet) Leader(ctx context.Context) (string, error) {
	if len(f.hubs) == 1 {
		return f.hubs[0].Name, nil
	}
	names, err := cluster.SubjectsOf(Name)
	if err != nil {
		return "", err
	}
	js, err := jetstream.New(f.conn)
	if err != nil {
		return "", err
	}
	stream, err := js.Stream(ctx, names.ControlStream())
	if err != nil {
		return "", err
	}
	info := stream.CachedInfo()
	for i, name := range f.names {
		if info.Cluster != nil && info.Cluster.Leader == name {
			return f.hubs[i].Name, nil
		}
	}
	return "", nil
}

// serverName is the name of the i-th hub's server.
func serverName(routes []string, i int) string {
	return hub.DefaultName + "-" + strings.ReplaceAll(routes[i], ":", "-")
}

// worldTimeout bounds what is asked to find a target.
const worldTimeout = 2 * time.Second

// World returns what there is at this moment, as far as it can be found out.
func (f *Fleet) World(ctx context.Context) plan.World {
	ctx, cancel := context.WithTimeout(ctx, worldTimeout)
	defer cancel()
	var w plan.World
	for _, n := range f.Nodes() {
		switch {
		case !n.Running():
		case n.Kind == KindGateway:
			w.Gateways = append(w.Gateways, n.Name)
		case n.Kind == KindHub:
			w.Hubs = append(w.Hubs, n.Name)
		}
	}
	for _, d := range f.Spec().Devices {
		w.Devices = append(w.Devices, d.Id)
	}
	w.Owners, _ = f.Owners(ctx) // a hub that is away knows of none
	w.Leader, _ = f.Leader(ctx)
	return w
}

// pause waits; false if ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

package gateway_test

import (
	"context"
	"fmt"
	"os"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// basin is a driver for a basin whose level can be read and whose pump can be switched.
type basin struct{}

func (basin) Open(context.Context, actors.Device) (actors.Session, error) { return basin{}, nil }

func (basin) Poll(context.Context, []string) ([]actors.Sample, error) {
	return []actors.Sample{{Resource: "level", Value: roostv1.Double(0.9)}}, nil
}

func (basin) Actuate(context.Context, actors.Action) (map[string]*roostv1.Value, error) {
	return nil, nil
}

func (basin) Close(context.Context) error { return nil }

// controller empties a basin that is nearly full. It knows its devices by their PIDs, and not
// where they are.
type controller struct {
	level, pump *actor.PID
	done        chan struct{}
}

// Receive implements [actor.Actor].
func (c *controller) Receive(ctx actor.Context) {
	switch msg := ctx.Message().(type) {
	case *actor.Started:
		ctx.Request(c.level, &roostv1.Read{Resources: []string{"level"}})
	case *roostv1.ReadResult:
		level := msg.Resources[0].Value
		fmt.Println("read", msg.DeviceId, "on", msg.Gateway, level.Format())
		if level.GetDouble() > 0.8 {
			ctx.Request(c.pump, &roostv1.Command{Name: "set", Arguments: map[string]*roostv1.Value{"run": roostv1.Bool(true)}})
		}
	case *roostv1.CommandRecord:
		fmt.Println("drove", msg.DeviceId, "on", msg.Gateway, msg.State.Word())
		close(c.done)
	case *roostv1.Status: // why there is no answer
		fmt.Println(ctx.Sender().Id, msg)
		close(c.done)
	}
}

// An actor on gw-1 reads a sensor there, and drives a pump that is on gw-2.
func Example_anotherGateway() {
	ctx, stop := context.WithCancel(context.Background())
	data, err := os.MkdirTemp("", "roost")
	check(err)
	defer func() { check(os.RemoveAll(data)) }()
	h, err := hub.Open(ctx, hub.Config{Data: data, Listen: "127.0.0.1:0"})
	check(err)
	defer func() { check(h.Close()) }()

	ended := make(chan error)
	var gateways []*gateway.Gateway
	for _, id := range []string{"gw-1", "gw-2"} {
		nc, err := cluster.ConnectGateway(h.URL(), id, nil, nats.InProcessServer(h.InProcess()))
		check(err)
		defer nc.Close()
		g, err := gateway.New(gateway.Config{ID: id, Conn: nc, Drivers: map[string]actors.Driver{"basin": basin{}}})
		check(err)
		go func() { ended <- g.Run(ctx) }()
		check(g.Ready(ctx))
		gateways = append(gateways, g)
	}
	nc, err := cluster.ConnectClient(ctx, h.URL(), "example", nil)
	check(err)
	defer nc.Close()
	client, err := cluster.NewClient(nc, cluster.DefaultFleet)
	check(err)
	check(addBasin(ctx, client))
	for _, device := range []string{"level-1", "pump-1"} { // both have been read once
		for _, err := range client.Readings(ctx, cluster.ReadingsQuery{Device: device, Follow: true}) {
			check(err)
			break
		}
	}

	c := &controller{level: gateways[0].PID("level-1"), pump: gateways[0].PID("pump-1"), done: make(chan struct{})}
	_, err = gateways[0].Spawn(ctx, "controller", func() actor.Actor { return c })
	check(err)
	<-c.done
	stop()
	check(<-ended)
	check(<-ended)
	// Output:
	// read level-1 on gw-1 0.9
	// drove pump-1 on gw-2 SUCCEEDED
}

// addBasin adds the sensor at gw-1 and the pump at gw-2 to the registry.
func addBasin(ctx context.Context, client *cluster.Client) error {
	device := func(id, gateway string) *roostv1.DeviceSpec {
		return &roostv1.DeviceSpec{
			Id: id, Profile: "basin", Driver: "basin", PollInterval: durationpb.New(50_000_000),
			Placement: &roostv1.Placement{Gateways: []string{gateway}},
		}
	}
	_, err := client.Apply(ctx, &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{
			Id: "basin",
			Resources: []*roostv1.Resource{
				{Name: "level", Type: roostv1.ValueType_VALUE_TYPE_DOUBLE},
				{
					Name: "run", Type: roostv1.ValueType_VALUE_TYPE_BOOL,
					Access: roostv1.Access_ACCESS_WRITE, WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
				},
			},
		}},
		Devices: []*roostv1.DeviceSpec{device("level-1", "gw-1"), device("pump-1", "gw-2")},
	})
	return err
}

package gateway_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/gateway"
	"github.com/roost-iot/roost/nodes/hub"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// dice is a driver for dice: each poll throws them, and the command "load" decides what they show
// from then on.
type dice struct{}

func (dice) Open(context.Context, actors.Device) (actors.Session, error) { return &throw{}, nil }

// throw is a session with dice.
type throw struct{ loaded int64 }

func (t *throw) Poll(context.Context, []string) ([]actors.Sample, error) {
	eyes := t.loaded
	if eyes == 0 {
		eyes = 4 // chosen by a fair throw
	}
	return []actors.Sample{{Resource: "eyes", Value: roostv1.Int(eyes)}}, nil
}

func (t *throw) Actuate(_ context.Context, a actors.Action) (map[string]*roostv1.Value, error) {
	t.loaded = a.Arguments["eyes"].GetInt()
	return nil, nil
}

func (t *throw) Close(context.Context) error { return nil }

// A gateway with a driver of one's own, on a hub in the same process.
func Example_driver() {
	ctx, stop := context.WithCancel(context.Background())
	data, err := os.MkdirTemp("", "roost")
	check(err)
	defer func() { check(os.RemoveAll(data)) }()
	h, err := hub.Open(ctx, hub.Config{Data: data, Listen: "127.0.0.1:0"})
	check(err)
	defer func() { check(h.Close()) }()
	nc, err := cluster.ConnectGateway(h.URL(), "gw-1", nil, nats.InProcessServer(h.InProcess()))
	check(err)
	defer nc.Close()

	g, err := gateway.New(gateway.Config{ID: "gw-1", Conn: nc, Drivers: map[string]actors.Driver{"dice": dice{}}})
	check(err)
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()

	client, err := cluster.NewClient(nc, cluster.DefaultFleet)
	check(err)
	check(g.Ready(ctx))
	check(addDice(ctx, client))
	for batch, err := range client.Readings(ctx, cluster.ReadingsQuery{Device: "dice-1", Follow: true}) {
		check(err)
		fmt.Println(batch.Readings[0].Resource, batch.Readings[0].Value.Format())
		break
	}
	record, err := client.Send(ctx, &roostv1.Command{
		DeviceId: "dice-1", Name: "load", Arguments: map[string]*roostv1.Value{"eyes": roostv1.Int(6)},
	}, 0)
	check(err)
	fmt.Println("load", record.State.Word())
	stop()
	check(<-ended)
	// Output:
	// eyes 4
	// load SUCCEEDED
}

// addDice adds a die to the registry.
func addDice(ctx context.Context, client *cluster.Client) error {
	_, err := client.Apply(ctx, &roostv1.Fleet{
		Profiles: []*roostv1.Profile{{
			Id:        "dice",
			Resources: []*roostv1.Resource{{Name: "eyes", Type: roostv1.ValueType_VALUE_TYPE_INT}},
			Commands: []*roostv1.CommandSpec{{
				Name: "load", WriteKind: roostv1.WriteKind_WRITE_KIND_ABSOLUTE,
				Arguments: []*roostv1.Argument{{Name: "eyes", Type: roostv1.ValueType_VALUE_TYPE_INT}},
			}},
		}},
		Devices: []*roostv1.DeviceSpec{{
			Id: "dice-1", Profile: "dice", Driver: "dice", PollInterval: durationpb.New(50_000_000),
		}},
	})
	return err
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

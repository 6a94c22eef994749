package cluster_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// clerk takes commands at the request API as a gateway does, and keeps them until it is told to answer. Of
// commands with the same id it carries out one.
type clerk struct {
	nc  *nats.Conn
	got chan pendingSend

	mu   sync.Mutex
	done map[string]*roostv1.CommandRecord
}

type pendingSend struct {
	command *roostv1.Command
	reply   string
}

func newClerk(t *testing.T, hub *clustertest.Hub) *clerk {
	t.Helper()
	k := &clerk{nc: hub.Connect(t), got: make(chan pendingSend, 1<<10), done: map[string]*roostv1.CommandRecord{}}
	service, err := micro.AddService(k.nc, micro.Config{Name: "clerk", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	err = service.AddEndpoint("send", micro.HandlerFunc(func(r micro.Request) {
		var request roostv1.SendRequest
		if err := proto.Unmarshal(r.Data(), &request); err != nil {
			t.Errorf("request: %v", err)
		}
		k.got <- pendingSend{request.Command, r.Reply()}
	}), micro.WithEndpointSubject("roost.test.api.send"))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	return k
}

// next waits for a command.
func (k *clerk) next(t *testing.T) pendingSend {
	t.Helper()
	return await(t, "a command", k.got, func(pendingSend) bool { return true })
}

// carryOut answers with the record of a success.
func (k *clerk) carryOut(t *testing.T, p pendingSend) {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	record := k.done[p.command.Id]
	if record == nil {
		record = &roostv1.CommandRecord{
			CommandId: p.command.Id, DeviceId: p.command.DeviceId, Command: p.command, State: roostv1.CommandState_COMMAND_STATE_SUCCEEDED,
		}
		k.done[p.command.Id] = record
	}
	k.answer(t, p, &roostv1.SendResponse{Record: record})
}

func (k *clerk) answer(t *testing.T, p pendingSend, response *roostv1.SendResponse) {
	t.Helper()
	if err := k.nc.Publish(p.reply, encode(t, response)); err != nil {
		t.Errorf("answer: %v", err)
	}
}

// serve carries out all that comes.
func (k *clerk) serve(t *testing.T) {
	runs(t, func(ctx context.Context) error {
		for {
			select {
			case p := <-k.got:
				k.carryOut(t, p)
			case <-ctx.Done():
				return nil
			}
		}
	})
}

// pumps registers so many devices p00, p01, ... with the label kind=pump, and returns a client.
func pumps(t *testing.T, hub *clustertest.Hub, n int) *cluster.Client {
	t.Helper()
	newFleet(t, hub)
	client := newClient(t, hub)
	var devices []*roostv1.DeviceSpec
	for i := range n {
		d := newDevice(fmt.Sprintf("p%02d", i))
		d.Labels = map[string]string{"kind": "pump"}
		devices = append(devices, d)
	}
	apply(t, client, devices...)
	return client
}

func limitFleet(change ...func(*cluster.FleetCommand)) cluster.FleetCommand {
	command := cluster.FleetCommand{
		Command: &roostv1.Command{Id: "batch-17", Name: "set", Arguments: map[string]*roostv1.Value{"limit": roostv1.Double(21)}},
		Wait:    askWait,
	}
	for _, c := range change {
		c(&command)
	}
	return command
}

func sendAll(t *testing.T, client *cluster.Client, command cluster.FleetCommand) *cluster.FleetRun {
	t.Helper()
	run, err := client.SendAll(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

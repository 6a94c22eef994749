//go:build protoremote && unix

package gateway_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/remote"
	"google.golang.org/protobuf/types/known/timestamppb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// BenchmarkLiveOfRemote measures reads of a device on another gateway beside protoactor-go's own
// remote, which Roost does not use: 256 requests on their way, by futures of the same kind to a
// PID of another actor system, whose actor makes the same answer, from what it has at hand. Remote goes over gRPC
// from one system to the other; the reads go from one gateway over the hub to the other. All are in
// this process, whose processor time is counted, the hub's included. One op is twenty of each.
//
//	go test -tags protoremote -run '^$' -bench LiveOfRemote ./nodes/gateway
func BenchmarkLiveOfRemote(b *testing.B) {
	p := openPair(b)
	there := p.first.PID("pump-1")
	answer := p.read(b)
	from, to := openRemote(b, answer)
	request := func(system *actor.ActorSystem, pid *actor.PID) func() {
		return func() {
			m, err := system.Root.RequestFuture(pid, question(), 10*time.Second).Result()
			if _, ok := m.(*roostv1.ReadResult); !ok {
				b.Errorf("got %v, %v", m, err)
			}
		}
	}
	ours, theirs := request(p.system(b), there), request(from, to)
	many(5000, ours)
	many(5000, theirs)
	var our, their cost
	const turns = 20 // so that what else runs here meets both
	for range turns {
		b.StartTimer()
		our = our.plus(measure(func() { many(b.N, ours) }))
		b.StopTimer()
		their = their.plus(measure(func() { many(b.N, theirs) }))
	}
	our.report(b, turns*b.N, "")
	their.report(b, turns*b.N, "remote-")
	b.ReportMetric(their.took.Seconds()/our.took.Seconds(), "throughput-of-remote")
	b.ReportMetric(our.cpu.Seconds()/their.cpu.Seconds(), "cpu-of-remote")
}

// system is the actor system of the first gateway, as its actors see it.
func (p *pair) system(b *testing.B) *actor.ActorSystem {
	b.Helper()
	systems := make(chan *actor.ActorSystem, 1)
	if _, err := p.first.Spawn(b.Context(), "asker", func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actor.Started); ok {
				systems <- ctx.ActorSystem()
			}
		})
	}); err != nil {
		b.Fatal(err)
	}
	return <-systems
}

func (c cost) plus(d cost) cost { return cost{c.took + d.took, c.cpu + d.cpu, c.allocs + d.allocs} }

// again makes an answer as the device's supervisor does: anew, but for the values.
func again(r *roostv1.ReadResult) *roostv1.ReadResult {
	made := &roostv1.ReadResult{DeviceId: r.DeviceId, Gateway: r.Gateway, Epoch: r.Epoch, State: r.State}
	for _, s := range r.Resources {
		made.Resources = append(made.Resources, &roostv1.ResourceState{
			Resource: s.Resource, Value: s.Value, Quality: s.Quality, Reason: s.Reason, AcquiredAt: timestamppb.New(s.AcquiredAt.AsTime()),
		})
	}
	return made
}

// openRemote returns a system, and the PID of an actor in another one that gives the answer.
func openRemote(b *testing.B, answer *roostv1.ReadResult) (from *actor.ActorSystem, to *actor.PID) {
	b.Helper()
	quiet := actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })
	var systems [2]*actor.ActorSystem
	for i := range systems {
		systems[i] = actor.NewActorSystem(quiet)
		r := remote.NewRemote(systems[i], remote.Configure("127.0.0.1", 0))
		r.Start()
		b.Cleanup(func() { r.Shutdown(true) })
	}
	pid, err := systems[1].Root.SpawnNamed(actor.PropsFromFunc(func(ctx actor.Context) {
		if _, ok := ctx.Message().(*roostv1.Read); ok {
			ctx.Respond(again(answer))
		}
	}), "pump-1")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Second)
	defer cancel()
	for ctx.Err() == nil { // until the systems have connected
		m, err := systems[0].Root.RequestFuture(pid, question(), time.Second).Result()
		if _, ok := m.(*roostv1.ReadResult); ok && err == nil {
			return systems[0], pid
		}
	}
	b.Fatal("remote did not connect")
	return nil, nil
}

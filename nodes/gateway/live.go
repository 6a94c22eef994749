package gateway

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"
	"google.golang.org/protobuf/proto"
)

// PID returns the PID of a device, wherever in the fleet it is served, now or later; see
// [actors.Gateway.PID] for what it takes and answers.
func (g *Gateway) PID(device string) *actor.PID { return g.actors.PID(device) }

// Spawn runs an actor beside the devices: one that controls them by their PIDs, say. See
// [actors.Gateway.Spawn].
func (g *Gateway) Spawn(ctx context.Context, name string, produce actor.Producer) (*actor.PID, error) {
	return g.actors.Spawn(ctx, name, produce)
}

// Send sends a message to an actor from outside of all actors. See [actors.Gateway.Send].
func (g *Gateway) Send(to *actor.PID, message any) error { return g.actors.Send(to, message) }

// Ask asks a device, wherever in the fleet it is served, and returns its answer. See
// [actors.Gateway.Ask].
func (g *Gateway) Ask(ctx context.Context, device string, m proto.Message) (proto.Message, error) {
	return g.actors.Ask(ctx, device, m)
}

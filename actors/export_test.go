package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// NewMailbox lets tests run an actor of their own on this package's mailbox, and on
// goroutines like a stock one.
func NewMailbox(commands, work int) actor.Mailbox {
	return newMailbox(&mailboxKind{command: commands, work: work, dispatcher: actor.NewDefaultDispatcher(throughput)})
}

// Looked up is an Execute that has found the device's supervisor, but not spoken to it yet.
func (g *Gateway) LookedUp(device string) func(context.Context, *roostv1.Command) (*roostv1.CommandRecord, error) {
	pid := g.env.directory.find(device)
	return func(ctx context.Context, c *roostv1.Command) (*roostv1.CommandRecord, error) {
		return g.execute(ctx, pid, c)
	}
}

// Watchers is how many watchers of a device are kept.
func (g *Gateway) Watchers(device string) int {
	w := &g.env.devices.watches
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.devices[device]; d != nil {
		return len(d.watchers)
	}
	return 0
}

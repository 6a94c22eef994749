package actors

import (
	"context"
	"time"

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

// Queue is the command queue of one device, for tests of it alone. Orders are named by their commands' ids.
type Queue struct{ commands commands }

func (q *Queue) named(orders []*order) []string {
	var ids []string
	for _, o := range orders {
		ids = append(ids, o.record.CommandId)
	}
	return ids
}

// Add queues a command and returns those that it supersedes.
func (q *Queue) Add(r *roostv1.CommandRecord) []string {
	return q.named(q.commands.add(newOrder(r, roostv1.CommandBounds{}, 0)))
}

// Next gives the device the next command; empty: none.
func (q *Queue) Next(now time.Time) string {
	o := q.commands.next(now, now, false)
	if o == nil {
		return ""
	}
	o.permit = &permit{}
	return o.record.CommandId
}

// Take takes the permit of the present command.
func (q *Queue) Take(now time.Time) bool {
	o := q.commands.current
	clock := func() (time.Time, time.Time, bool) { return now, now, true }
	return o != nil && o.permit.take(clock, o.expires, func(time.Time) {})
}

// Again puts the present command back.
func (q *Queue) Again() { q.commands.again() }

// Drop ends the present command.
func (q *Queue) Drop() { q.commands.current = nil }

// Expired takes those out whose time is over.
func (q *Queue) Expired(now time.Time) []string { return q.named(q.commands.expired(now)) }

// Wake is when time will change something.
func (q *Queue) Wake(now time.Time) time.Time { return q.commands.wake(now) }

// Waiting are the queued commands, and the present one.
func (q *Queue) Waiting() (queue []string, current string) {
	if o := q.commands.current; o != nil {
		current = o.record.CommandId
	}
	return q.named(q.commands.queue), current
}

package cluster

import (
	"cmp"
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// newCommands makes what the gateway does with commands.
func (g *Gateway) newCommands() error {
	g.desk = newDesk(g.picture, g.config.Host, g.service, g.config.Edge)
	g.journal = newJournal(g.config.Conn, g.names, g.clock, g.config.Schema.commandDedup())
	g.waits = newWaits(g.present)
	g.journal.local = g.config.Edge
	g.picture.told = g.waits.tell
	g.journal.stored = g.waits.tellNow // whoever asked the owner itself need not wait for the picture
	g.submitter = &submitter{
		id: g.config.ID, names: g.names, picture: g.picture, rights: g.rights, journal: g.journal, waits: g.waits, clock: g.clock,
		catchUp: g.catchUp, limit: g.config.MaxRequests, room: pendingRoom, pending: map[string][]uint64{},
	}
	js, err := jetstream.New(g.config.Conn)
	if err != nil {
		return fmt.Errorf("use JetStream: %w", err)
	}
	g.finder = &finder{
		names: g.names, journal: g.journal, waits: g.waits, clock: g.clock,
		history: &history{js: js, names: g.names, slots: make(chan struct{}, historyAtOnce)},
	}
	return nil
}

// present says of a command that waits, and that nobody could carry out now, what it waits for.
func (g *Gateway) present(record *roostv1.CommandRecord) *roostv1.CommandRecord {
	switch record.State {
	case roostv1.CommandState_COMMAND_STATE_ACCEPTED, roostv1.CommandState_COMMAND_STATE_QUEUED:
	default:
		return record
	}
	spec := g.picture.Device(record.DeviceId)
	owner := g.picture.Owner(cmp.Or(record.Bus, spec.BusID()))
	if spec == nil || owner.Gateway != "" && g.picture.runs(owner.Gateway, owner.Incarnation) {
		return record
	}
	record = proto.CloneOf(record)
	record.QueueReason = roostv1.QueueReason_QUEUE_REASON_NO_OWNER
	return record
}

// catchUp brings the picture up to now: what it does not have may have been written a
// moment ago. It returns false if it cannot.
func (g *Gateway) catchUp(ctx context.Context) bool {
	ctx, unlink := whileConnected(ctx, g.config.Conn)
	defer unlink()
	js, err := jetstream.New(g.config.Conn)
	if err != nil {
		return false
	}
	stream, err := js.Stream(ctx, g.names.ControlStream())
	return err == nil && g.picture.Wait(ctx, stream.CachedInfo().State.LastSeq) == nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Command returns the record of a command, and waits for its end, at most for wait (0: not at all).
// Without a device it is looked for by its id, in the history too; where several devices have a command of that
// id, it is the one that changed last. The error is ErrNotFound if there is none.
func (c *Client) Command(ctx context.Context, device, id string, wait time.Duration) (*roostv1.CommandRecord, error) {
	if err := roostv1.CheckID("command id", id); err != nil {
		return nil, err
	}
	if device == "" {
		record, err := c.lookForCommand(ctx, id)
		if err != nil || wait == 0 || record.State.Final() {
			return record, err
		}
		device = record.DeviceId
	}
	return c.askCommand(ctx, c.link.api(c.names.FindCommand()), wait, commandKey(device, id), func(left time.Duration) proto.Message {
		return &roostv1.CommandRequest{DeviceId: device, CommandId: id, Wait: durationpb.New(left)}
	})
}

// lookForCommand looks for a command by its id alone.
func (c *Client) lookForCommand(ctx context.Context, id string) (*roostv1.CommandRecord, error) {
	js, err := jetstream.New(c.data)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	if !c.data.IsConnected() {
		return nil, errAway
	}
	ctx, cancel := context.WithTimeout(ctx, tailTimeout)
	defer cancel()
	record, err := lastCommand(ctx, js, c.names.ControlStream(), c.names, "*", id)
	if errors.Is(err, roostv1.ErrNotFound) {
		record, err = lastCommand(ctx, js, c.names.CommandsStream(), c.names, "*", id)
	}
	return record, err
}

// Cancel asks for a command not to be carried out, and waits for its end, at most for wait (0: 5 s), and then
// returns the present record: the wish stands. The error is ErrConflict, with the record, if the command was
// dispatched before, or has ended otherwise.
func (c *Client) Cancel(ctx context.Context, cancellation *roostv1.Cancellation, wait time.Duration) (*roostv1.CommandRecord, error) {
	if wait == 0 {
		wait = defaultWait
	}
	if err := c.link.maySend("cancel commands"); err != nil {
		return nil, err
	}
	key := commandKey(cancellation.GetDeviceId(), cancellation.GetCommandId())
	return c.askCommand(ctx, c.link.api(c.names.CancelCommand()), wait, key, func(left time.Duration) proto.Message {
		return &roostv1.CancelRequest{
			DeviceId: cancellation.GetDeviceId(), CommandId: cancellation.GetCommandId(),
			Sender: cancellation.GetSender(), Reason: cancellation.GetReason(), Wait: durationpb.New(left),
		}
	})
}

// askCommand asks any gateway about a command.
func (c *Client) askCommand(ctx context.Context, subject string, wait time.Duration, key string, request func(left time.Duration) proto.Message) (*roostv1.CommandRecord, error) {
	if err := checkCommandKey(key); err != nil {
		return nil, err
	}
	if err := checkWait(wait); err != nil {
		return nil, err
	}
	response, err := c.askOften(ctx, subject, wait, request)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "no gateway of fleet %s is there to answer", c.names.Fleet())
	case err != nil:
		return nil, err
	}
	return response.Record, response.Status.Err()
}

// CommandQuery says which commands are wanted.
type CommandQuery struct {
	Device string                 // only commands for this device; empty: all devices
	Parent string                 // only parts of this fleet command; empty: all
	Since  time.Time              // only what changed at this time of the hub or later; zero: from the first that it still has
	Last   time.Duration          // only what changed so long ago or later, on the hub's clock; 0: see Since
	States []roostv1.CommandState // only commands that stand so; none: all
	Follow bool                   // also each change from now on, until ctx ends
}

// Commands yields the last records of commands in the order in which they changed last, the first first. With
// Follow it goes on with each change, until ctx ends; one that is followed by another at once may be left
// out, since each record tells the whole story.
//
// A message that is no record is an error that is ErrInvalid, and reading goes on after it. Any other error is the
// last: with Follow there is none but ctx's, since a hub that is away is waited for. Breaking the loop
// ends the reading.
func (c *Client) Commands(ctx context.Context, q CommandQuery) iter.Seq2[*roostv1.CommandRecord, error] {
	return func(yield func(*roostv1.CommandRecord, error) bool) {
		filter, err := c.commandFilter(q)
		if err != nil {
			yield(nil, err)
			return
		}
		js, err := jetstream.New(c.data)
		if err != nil {
			yield(nil, fmt.Errorf("use JetStream: %w", err))
			return
		}
		r := &commandsReader{query: q, names: c.names, yield: yield, loop: loop{tail: tail{js: js, stream: c.names.CommandsStream(), filter: filter, since: q.Last}, follow: q.Follow}}
		r.run(ctx)
	}
}

func (c *Client) commandFilter(q CommandQuery) (string, error) {
	if q.Parent != "" {
		if err := roostv1.CheckID("parent id", q.Parent); err != nil {
			return "", err
		}
	}
	if q.Device == "" {
		return c.names.Command("*", "*"), nil
	}
	if err := roostv1.CheckID("device id", q.Device); err != nil {
		return "", err
	}
	return c.names.Command(q.Device, "*"), nil
}

// commandsReader is one loop over the history of commands.
type commandsReader struct {
	query CommandQuery
	names Subjects
	yield func(*roostv1.CommandRecord, error) bool
	loop  loop
}

func (r *commandsReader) run(ctx context.Context) {
	start := jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy}
	switch {
	case r.query.Last > 0:
		start = jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy}
	case !r.query.Since.IsZero():
		start = jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &r.query.Since}
	}
	if err := r.loop.run(ctx, start, r.take); err != nil {
		r.yield(nil, err)
	}
}

// take yields the record in a message, if it is wanted; false if no more is.
func (r *commandsReader) take(m message) bool {
	key, ok := r.names.key(m.subject)
	if !ok {
		return true
	}
	record, err := readCommand(key.ID, m.data, m.origin, m.stored)
	if err != nil {
		return r.yield(nil, fmt.Errorf("record %s: %w", m.subject, err))
	}
	if q := r.query; q.Parent != "" && record.GetCommand().GetParentId() != q.Parent ||
		len(q.States) > 0 && !slices.Contains(q.States, record.State) {
		return true
	}
	return r.yield(record, nil)
}

// headerStreamSource says where a message was copied from: stream, sequence, and more.
const headerStreamSource = "Nats-Stream-Source"

// originOf is the sequence that a message has in the stream that it was copied from; its own if it was not.
func originOf(h nats.Header, own uint64) uint64 {
	fields := strings.Fields(h.Get(headerStreamSource))
	if len(fields) < 2 {
		return own
	}
	origin, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return own
	}
	return origin
}

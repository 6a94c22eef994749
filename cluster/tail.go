package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// A consumer that is silent for two heartbeats is given up. The server keeps it
	// for a while longer, in memory.
	tailHeartbeat = time.Second
	tailExpiry    = 4 * time.Second
	tailLifetime  = 30 * time.Second
	// tailTimeout bounds each question to the hub.
	tailTimeout = 5 * time.Second
	// A new consumer is tried after a random part of this.
	tailRetry = 500 * time.Millisecond
)

// tail reads a stream in order, with one consumer of its own.
type tail struct {
	js     jetstream.JetStream
	stream string
	filter string // of subjects
	// since is how far back it begins by the hub's clock, where the start is to be by time and names none:
	// this machine's wall clock may say anything.
	since time.Duration
}

// tailStart is the state of the stream before its first message is read.
type tailStart struct {
	created time.Time // of the stream
	last    uint64    // sequence of the last message that was stored
	pending uint64    // messages that are there to be read
}

// message is one message of a stream.
type message struct {
	subject  string
	sequence uint64
	pending  uint64    // messages behind it that are there to be read
	stored   time.Time // on the hub's clock
	data     []byte
	origin   uint64 // sequence in the stream that it was copied from; its own if it was not
}

// read reads messages from where start says, and calls each for them, in the stream's order
// with none left out, until ctx ends, each returns an error, or it can no longer be sure of the
// order. It returns the reason.
func (t tail) read(ctx context.Context, start jetstream.ConsumerConfig, begin func(tailStart), each func(message) error) error {
	ctx, cancel := whileConnected(ctx, t.js.Conn())
	defer cancel()
	consumer, at, err := t.open(ctx, start)
	if err != nil {
		return tailError(ctx, t.stream, err)
	}
	defer t.discard(ctx, consumer)
	messages, err := consumer.Messages(jetstream.PullHeartbeat(tailHeartbeat), jetstream.PullExpiry(tailExpiry))
	if err != nil {
		return tailError(ctx, t.stream, err)
	}
	defer messages.Stop()
	begin(at)
	for count := uint64(1); ; count++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return tailError(ctx, t.stream, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("read stream %s: %w", t.stream, err)
		}
		if meta.Sequence.Consumer != count {
			return fmt.Errorf("read stream %s: message %d came instead of message %d", t.stream, meta.Sequence.Consumer, count)
		}
		if err := each(message{m.Subject(), meta.Sequence.Stream, meta.NumPending, meta.Timestamp, m.Data(), originOf(m.Headers(), meta.Sequence.Stream)}); err != nil {
			return err
		}
	}
}

// open makes the consumer. The stream's state is from before it, so that all up to its last
// message is either read or gone.
func (t tail) open(ctx context.Context, start jetstream.ConsumerConfig) (jetstream.Consumer, tailStart, error) {
	ctx, cancel := context.WithTimeout(ctx, tailTimeout)
	defer cancel()
	stream, err := t.js.Stream(ctx, t.stream)
	if err != nil {
		return nil, tailStart{}, err
	}
	if start.DeliverPolicy == jetstream.DeliverByStartTimePolicy && start.OptStartTime == nil {
		start.OptStartTime = new(stream.CachedInfo().TimeStamp.Add(-t.since))
	}
	start.FilterSubject = t.filter
	start.AckPolicy = jetstream.AckNonePolicy
	start.MemoryStorage = true
	start.Replicas = 1
	start.InactiveThreshold = tailLifetime
	consumer, err := stream.CreateConsumer(ctx, start)
	if err != nil {
		return nil, tailStart{}, err
	}
	info := stream.CachedInfo()
	return consumer, tailStart{info.Created, info.State.LastSeq, consumer.CachedInfo().NumPending}, nil
}

// discard tells the server that the consumer is not needed. If it does not hear it, it finds out.
func (t tail) discard(ctx context.Context, consumer jetstream.Consumer) {
	if !t.js.Conn().IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = t.js.DeleteConsumer(ctx, t.stream, consumer.CachedInfo().Name)
}

// tailError says why a consumer ended.
func tailError(ctx context.Context, stream string, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errAway):
		return fmt.Errorf("read stream %s: %w", stream, cause)
	case cause != nil:
		return cause
	case errors.Is(err, jetstream.ErrNoHeartbeat):
		return roostv1.Errorf(roostv1.ErrUnavailable, "read stream %s: the hub fell silent", stream)
	case errors.Is(err, jetstream.ErrMsgIteratorClosed), errors.Is(err, nats.ErrConnectionClosed):
		return fmt.Errorf("read stream %s: %w", stream, errAway)
	}
	return fmt.Errorf("read stream %s: %w", stream, hubError(ctx, err))
}

// pause waits a random while before the next try; it returns false when ctx has ended.
func pause(ctx context.Context) bool { return sleep(ctx, tailRetry/5+rand.N(tailRetry)) }

// briefPause is pause before the first try after a success.
func briefPause(ctx context.Context) bool { return sleep(ctx, rand.N(tailRetry/10)) }

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

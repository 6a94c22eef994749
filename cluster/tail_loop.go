package cluster

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// loop reads a stream message by message, each once, with a new consumer whenever one breaks.
type loop struct {
	tail   tail
	follow bool   // it goes on with what comes
	last   uint64 // sequence of the last message that was read; 0: none yet
}

// errEnough ends a reading that is complete, or that nobody wants any more.
var errEnough = errors.New("enough was read")

// run calls take for each message, from where start says, until it returns false. It returns nil when that
// did, or when all was read; else why it ended: with follow there is no reason but ctx's, since a hub that is
// away is waited for.
func (l *loop) run(ctx context.Context, start jetstream.ConsumerConfig, take func(message) bool) error {
	for {
		err := l.read(ctx, start, take)
		switch {
		case err == errEnough:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !l.follow:
			return err
		case !pause(ctx):
			return context.Cause(ctx)
		}
		if l.last > 0 { // else nothing was read yet, and the beginning is still the beginning
			start = jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: l.last + 1}
		}
	}
}

func (l *loop) read(ctx context.Context, start jetstream.ConsumerConfig, take func(message) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begin := func(at tailStart) {
		if start.DeliverPolicy == jetstream.DeliverNewPolicy {
			l.last = at.last // what is new is fixed by the first consumer, also for the next one
		}
		if !l.follow && at.pending == 0 {
			cancel(errEnough)
		}
	}
	return l.tail.read(ctx, start, begin, func(m message) error {
		l.last = m.sequence
		if !take(m) || !l.follow && m.pending == 0 {
			return errEnough
		}
		return nil
	})
}

package load

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Stored reads all readings that the hub has, in the order in which it stored them, and calls each for them.
func Stored(ctx context.Context, nc *nats.Conn, names cluster.Subjects, clocks history.Clocks, each func(*history.Stored) error) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	stream, err := js.Stream(ctx, names.ReadingsStream())
	if err != nil {
		return fmt.Errorf("read all readings: %w", err)
	}
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	consumer, err := js.OrderedConsumer(ctx, names.ReadingsStream(), jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy})
	if err != nil {
		return fmt.Errorf("read all readings: %w", err)
	}
	messages, err := consumer.Messages(jetstream.PullHeartbeat(5 * time.Second))
	if err != nil {
		return fmt.Errorf("read all readings: %w", err)
	}
	defer messages.Stop()
	for last := uint64(0); last < state.LastSeq; {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("read all readings: after %d of %d: %w", last, state.LastSeq, err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		last = meta.Sequence.Stream
		var b roostv1.ReadingBatch
		if _, err := roostv1.Unmarshal(m.Data(), &b); err != nil {
			return fmt.Errorf("readings %s: %w", m.Subject(), err)
		}
		record := &history.Stored{Sequence: last, Batch: history.DatedBatchOf(&b, clocks)}
		record.At = clocks.Carry(meta.Timestamp)
		if err := each(record); err != nil {
			return err
		}
	}
	return nil
}

// Records reads the last records of all commands, and calls each for them.
func Records(ctx context.Context, fleet *cluster.Client, clocks history.Clocks, each func(*history.Answer) error) error {
	for record, err := range fleet.Commands(ctx, cluster.CommandQuery{}) {
		if err != nil {
			return fmt.Errorf("read all commands: %w", err)
		}
		if err := each(history.AnswerOf(record, history.FromRecord, clocks)); err != nil {
			return err
		}
	}
	return nil
}

package spool

import (
	"context"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// lasts calls each for the last message of every device and epoch that the stream holds.
func (e *engine) lasts(ctx context.Context, each func(device string, epoch, last uint64)) error {
	consumer, err := e.stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, AckPolicy: jetstream.AckNonePolicy,
		FilterSubject: subjects, MemoryStorage: true,
	})
	if err != nil {
		return err
	}
	name := consumer.CachedInfo().Name
	defer func() { _ = e.stream.DeleteConsumer(ctx, name) }() // else it goes by itself
	for left := consumer.CachedInfo().NumPending; left > 0; {
		batch, err := consumer.Fetch(int(min(left, pageMessages)), jetstream.FetchMaxWait(askTimeout))
		if err != nil {
			return err
		}
		before := left
		for m := range batch.Messages() {
			left--
			tell(m, each)
		}
		if err := batch.Error(); err != nil {
			return err
		}
		if left == before {
			return context.DeadlineExceeded
		}
	}
	return nil
}

func tell(m jetstream.Msg, each func(device string, epoch, last uint64)) {
	var b roostv1.ReadingBatch
	if proto.Unmarshal(m.Data(), &b) == nil && b.FirstSequence > 0 {
		each(b.DeviceId, b.Epoch, end(&b)-1)
		return
	}
	parts := strings.Split(m.Subject(), ".")
	if epoch, err := strconv.ParseUint(parts[len(parts)-1], 10, 64); err == nil && len(parts) == 3 {
		each(parts[1], epoch, 0)
	}
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// doubts remembers the batches that may or may not be stored, at most one for each
// lane. When such a batch is given again, the stream is asked before it is sent: the hub knows
// the ids of what it stored for a short time only.
type doubts struct {
	mu sync.Mutex
	of map[readingLane]doubt
}

// readingLane is what has one batch on its way at most: a device's readings as they come, or those that come later.
type readingLane struct {
	device   string
	backfill bool
}

func laneOf(b *roostv1.ReadingBatch) readingLane { return readingLane{b.DeviceId, b.Backfill} }

type doubt struct{ epoch, first uint64 }

// lanes are the two that a batch may have been in: one may be marked backfill when it is given again.
func lanes(b *roostv1.ReadingBatch) [2]readingLane {
	return [...]readingLane{{b.DeviceId, false}, {b.DeviceId, true}}
}

func (d *doubts) add(b *roostv1.ReadingBatch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of[laneOf(b)] = doubt{b.Epoch, b.FirstSequence}
}

// drop forgets the doubt about a lane: its batch is stored, or another one took its place.
func (d *doubts) drop(b *roostv1.ReadingBatch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.of, laneOf(b))
	for _, lane := range lanes(b) {
		if d.of[lane] == (doubt{b.Epoch, b.FirstSequence}) {
			delete(d.of, lane)
		}
	}
}

func (d *doubts) has(b *roostv1.ReadingBatch) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, lane := range lanes(b) {
		if d.of[lane] == (doubt{b.Epoch, b.FirstSequence}) {
			return !mutant("no-message-id")
		}
	}
	return false
}

// storedUpTo returns the sequence behind the last reading that the stream has of the
// batch, 0 if it is not certain to have any; nats.ErrNoResponders if nobody here may ask it. Only the device's last message tells: if it is a piece of the batch,
// all pieces before it are there. What is behind the batch proves nothing, as it may be of the other lane; then the
// batch is sent again, and the hub's memory of ids has to do, or who reads it.
func storedUpTo(ctx context.Context, stream jetstream.Stream, subject string, b *roostv1.ReadingBatch) (uint64, error) {
	last, err := stream.GetLastMsgForSubject(ctx, subject)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return 0, nil
	case errors.Is(err, nats.ErrNoResponders):
		return 0, err
	}
	if err != nil {
		return 0, fmt.Errorf("look for the last reading of device %s: %w", b.DeviceId, hubError(ctx, err))
	}
	var stored roostv1.ReadingBatch
	if err := proto.Unmarshal(last.Data, &stored); err != nil || stored.Epoch != b.Epoch {
		return 0, nil
	}
	if stored.FirstSequence < b.FirstSequence || end(&stored) > end(b) {
		return 0, nil
	}
	return end(&stored), nil
}

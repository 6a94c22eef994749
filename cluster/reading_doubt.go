package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// doubts remembers the batches that may or may not be stored, at most one for each
// device. When such a batch is given again, the stream is asked before it is sent: the hub knows
// the ids of what it stored for a short time only.
type doubts struct {
	mu sync.Mutex
	of map[string]doubt // by device
}

type doubt struct{ epoch, first uint64 }

func (d *doubts) add(b *roostv1.ReadingBatch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of[b.DeviceId] = doubt{b.Epoch, b.FirstSequence}
}

// drop forgets the doubt about a device: its batch is stored, or another one took its place.
func (d *doubts) drop(b *roostv1.ReadingBatch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.of, b.DeviceId)
}

func (d *doubts) has(b *roostv1.ReadingBatch) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.of[b.DeviceId] == doubt{b.Epoch, b.FirstSequence}
}

// storedUpTo returns the sequence behind the last reading that the stream has of the
// batch's device and epoch: 0 if it has none, or has newer ones of a later epoch. Since a device's
// batches are stored in order, all before it are there.
func storedUpTo(ctx context.Context, stream jetstream.Stream, subject string, b *roostv1.ReadingBatch) (uint64, error) {
	last, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for the last reading of device %s: %w", b.DeviceId, hubError(ctx, err))
	}
	var stored roostv1.ReadingBatch
	if err := proto.Unmarshal(last.Data, &stored); err != nil || stored.Epoch != b.Epoch {
		return 0, nil // not of this series; the hub's memory of ids has to do
	}
	return end(&stored), nil
}

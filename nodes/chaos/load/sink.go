package load

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Sink reads readings as an application does, and writes down what it is given.
type Sink struct {
	Fleet   *cluster.Client
	History *history.Writer
	Clock   boottime.Clock

	mu    sync.Mutex
	seen  map[string]boottime.Instant // by device: when it was given something last
	gap   time.Duration               // the longest that a device gave nothing
	ends  map[batchEnd]bool
	gaps  int
	total int
}

// batchEnd is the last reading of a batch.
type batchEnd struct {
	device string
	epoch  uint64
	end    uint64
}

// Run reads until ctx ends. The error is why it ended before that.
func (s *Sink) Run(ctx context.Context) error {
	for batch, err := range s.Fleet.Readings(ctx, cluster.ReadingsQuery{Follow: true}) {
		var gap *cluster.Gap
		switch {
		case errors.As(err, &gap):
			s.missing()
		case errors.Is(err, roostv1.ErrInvalid):
			return err
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		default:
			if err := s.take(batch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sink) missing() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gaps++
}

func (s *Sink) take(b *roostv1.ReadingBatch) error {
	record := &history.Delivered{Batch: history.BatchOf(b)}
	if err := s.History.Write(record); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen, s.ends = map[string]boottime.Instant{}, map[batchEnd]bool{}
	}
	now := s.Clock.Now()
	if last, ok := s.seen[b.DeviceId]; ok {
		s.gap = max(s.gap, now.Sub(last))
	}
	s.seen[b.DeviceId] = now
	s.ends[batchEnd{b.DeviceId, b.Epoch, record.End()}] = true
	s.total += len(b.Readings)
	return nil
}

// Served returns how many devices gave readings since an instant.
func (s *Sink) Served(since boottime.Instant) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, at := range s.seen {
		if since.Before(at) {
			n++
		}
	}
	return n
}

// MaxGap returns the longest time that a device gave nothing, the one that goes on included.
func (s *Sink) MaxGap() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	longest, now := s.gap, s.Clock.Now()
	for _, at := range s.seen {
		longest = max(longest, now.Sub(at))
	}
	return longest
}

// Has reports whether the sink was given the last reading of a batch.
func (s *Sink) Has(b *history.Batch) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ends[batchEnd{b.Device, b.Epoch, b.End()}]
}

// Total is how many readings it was given, and Gaps how often some were missing.
func (s *Sink) Total() (readings, gaps int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total, s.gaps
}

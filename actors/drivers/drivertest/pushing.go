package drivertest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// checkPush judges what a pushing session sends, and how it ends.
func checkPush(ctx context.Context, t *trial) error {
	return t.with(ctx, func(s actors.Session) error {
		p, ok := s.(actors.Pusher)
		if !ok {
			return nil
		}
		sink := newSink()
		if err := t.pushUntil(ctx, p, sink, sink.arrived); err != nil {
			return err
		}
		if err := t.judge(sink.taken(), t.readable()); err != nil {
			return err
		}
		if countGood(sink.taken()) == 0 {
			return errors.New("no good sample was sent")
		}
		full := &fullSink{offered: make(chan struct{})}
		return t.pushUntil(ctx, p, full, full.offered)
	})
}

// pushUntil runs Push until something has come, or the timeout is over, and then
// ends it.
func (t *trial) pushUntil(ctx context.Context, p actors.Pusher, sink actors.Sink, come <-chan struct{}) error {
	return t.call(ctx, t.Timeout, "Push", func(ctx context.Context) error {
		pushing, stop := context.WithCancel(ctx)
		defer stop()
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() {
			select {
			case <-come:
				stop()
			case <-pushing.Done():
			}
		})
		err := p.Push(pushing, sink)
		if pushing.Err() == nil {
			stop()
			return fmt.Errorf("push returned %v before its context had ended", err)
		}
		if err != nil && !errors.Is(err, pushing.Err()) {
			return fmt.Errorf("push returned %w, want nil or its context's error", err)
		}
		if ctx.Err() != nil {
			return errors.New("push sent nothing")
		}
		return nil
	})
}

// sink takes all that is sent.
type sink struct {
	mu      sync.Mutex
	samples []actors.Sample
	arrived chan struct{} // closed when something has
}

func newSink() *sink { return &sink{arrived: make(chan struct{})} }

func (s *sink) Emit(samples ...actors.Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 && len(samples) > 0 {
		close(s.arrived)
	}
	s.samples = append(s.samples, samples...)
	return nil
}

func (s *sink) Deliver(_ context.Context, samples ...actors.Sample) error {
	return s.Emit(samples...)
}

func (s *sink) taken() []actors.Sample {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.samples
}

// fullSink takes nothing: it is busy, and Deliver waits for ever. It is used until the
// third Emit, so that a Push which gives up at a refusal is found.
type fullSink struct {
	mu      sync.Mutex
	emits   int
	offered chan struct{} // closed when enough was
}

func (s *fullSink) Emit(...actors.Sample) error {
	s.count(1)
	return roostv1.ErrBusy
}

func (s *fullSink) Deliver(ctx context.Context, _ ...actors.Sample) error {
	s.count(enough)
	<-ctx.Done()
	return ctx.Err()
}

// enough refusals for a Push to show whether it goes on.
const enough = 3

func (s *fullSink) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.emits
	s.emits += n
	if before < enough && s.emits >= enough {
		close(s.offered)
	}
}

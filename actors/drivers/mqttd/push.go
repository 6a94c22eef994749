package mqttd

import (
	"context"
	"fmt"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// pushing is a Push that runs.
type pushing struct {
	ctx  context.Context // of that Push
	sink actors.Sink
}

// greet waits until the device has dialled in.
func (s *session) greet(ctx context.Context) error {
	begun := time.Now()
	for !s.at.sleepy {
		changed := s.watch()
		if s.current() != nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return roostv1.Errorf(roostv1.ErrOffline, "client %q has not dialled in at %s%s", s.at.client, s.at.listen.at, s.missedBy(begun))
		}
	}
	return nil
}

// Push hands over what the device sends, until it has been away for too long.
func (s *session) Push(ctx context.Context, sink actors.Sink) error {
	s.setPush(&pushing{ctx: ctx, sink: sink})
	defer s.setPush(nil)
	for {
		changed := s.watch()
		over, left := s.missing()
		if over {
			_ = sink.Emit(s.missed()...)
			return fmt.Errorf("push %s: %w", s.device, roostv1.Errorf(roostv1.ErrOffline, "client %q has been away for %v", s.at.client, s.at.away))
		}
		timer := time.NewTimer(left)
		select {
		case <-changed:
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// missing tells whether the device has been away for too long, or how long that may take yet.
func (s *session) missing() (bool, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link != nil || s.at.sleepy {
		return false, roostv1.MaxInterval
	}
	left := s.at.away - time.Since(s.gone)
	return left <= 0, left
}

// missed returns samples that say of each resource that the device is away.
func (s *session) missed() []actors.Sample {
	var samples []actors.Sample
	for _, e := range s.entries {
		if e.filter != "" {
			samples = append(samples, actors.Sample{
				Resource: e.resource.GetName(), Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
			})
		}
	}
	return samples
}

func (s *session) setPush(p *pushing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushed = p
	s.changedLocked()
}

func (s *session) push() *pushing {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pushed
}

// pushing waits for a Push that runs.
func (s *session) pushing(ctx context.Context) (*pushing, error) {
	for {
		changed := s.watch()
		if p := s.push(); p != nil {
			return p, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

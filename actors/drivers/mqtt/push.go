package mqtt

import (
	"context"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/payload"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// batchSize is how many messages are stored at once: one wait for the disk serves all of them.
	batchSize = 128
	// storePause is the first pause after messages could not be stored; it doubles up to maxStorePause.
	storePause    = 10 * time.Millisecond
	maxStorePause = time.Second
)

// Push hands over what comes for the device's resources. Messages of QoS 1 and 2 are acknowledged when they are stored, in the order in
// which they came. It fails when the connection is lost or the device goes away, after all that had come before.
func (s *session) Push(ctx context.Context, sink actors.Sink) error {
	var next *message
	for {
		s.declare(sink)
		if next == nil {
			var err error
			if next, err = s.next(ctx, sink); next == nil {
				return err
			}
		}
		s.batch, next = s.inbox.more(append(s.batch[:0], next))
		if !s.store(ctx, sink, s.batch) {
			if next != nil {
				s.abandon(next)
			}
			return nil // ctx has ended
		}
	}
}

// next returns the next message, or none and why there will be none.
func (s *session) next(ctx context.Context, sink actors.Sink) (*message, error) {
	select {
	case m := <-s.inbox.queue:
		return m, nil
	default:
	}
	gone := s.presence.gone()
	select {
	case m := <-s.inbox.queue:
		return m, nil
	case <-ctx.Done():
		return nil, nil
	case <-s.link.lost:
		if m := s.rest(); m != nil {
			return m, nil
		}
		return nil, s.link.err
	case <-gone:
		if m := s.rest(); m != nil {
			return m, nil
		}
		_ = sink.Emit(s.absent()...)
		return nil, s.presence.isAway()
	}
}

// rest returns a message that came before the end, if one is left.
func (s *session) rest() *message {
	select {
	case m := <-s.inbox.queue:
		return m
	default:
		return nil
	}
}

// store hands a batch over, and lets go of it when it is stored. It reports whether it was; it does not stop trying before ctx ends.
func (s *session) store(ctx context.Context, sink actors.Sink, batch []*message) bool {
	var samples []actors.Sample
	for _, m := range batch {
		samples = s.read(samples, m)
	}
	if batch[0].qos == 0 {
		_ = sink.Emit(samples...) // what is not taken, the sink declares
		release(batch)
		return ctx.Err() == nil
	}
	for pause := storePause; ; pause = min(2*pause, maxStorePause) {
		if err := sink.Deliver(ctx, samples...); err == nil {
			release(batch)
			return true
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			for _, m := range batch {
				s.abandon(m)
			}
			return false
		}
	}
}

func release(batch []*message) {
	for i, m := range batch {
		m.release()
		batch[i] = nil
	}
}

// abandon lets go of a message that may not have been stored, as end does.
func (s *session) abandon(m *message) {
	s.inbox.lost.Add(int64(len(s.of(m.topic))))
	m.release()
}

// read appends the samples of a message.
func (s *session) read(to []actors.Sample, m *message) []actors.Sample {
	document := payload.Of(m.payload)
	for _, e := range s.of(m.topic) {
		from := len(to)
		switch {
		case m.retained && e.retained == retainedSkip:
			continue
		case m.tooLong:
			to = append(to, actors.Sample{
				Resource: e.resource.GetName(), At: m.at,
				Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_DECODE_ERROR,
			})
		default:
			to = e.codec.Read(to, document, m.at)
		}
		if m.retained && e.retained == retainedUncertain {
			doubt(to[from:])
		}
	}
	return to
}

// doubt marks values whose age nobody knows.
func doubt(samples []actors.Sample) {
	for i := range samples {
		if s := &samples[i]; s.Quality != roostv1.Quality_QUALITY_BAD && s.Source.IsZero() {
			s.Quality, s.Reason = roostv1.Quality_QUALITY_UNCERTAIN, roostv1.QualityReason_QUALITY_REASON_STALE
		}
	}
}

// absent are the readings of a device that is away.
func (s *session) absent() []actors.Sample {
	at := time.Now()
	var samples []actors.Sample
	for _, e := range s.readable {
		samples = append(samples, actors.Sample{
			Resource: e.resource.GetName(), At: at,
			Quality: roostv1.Quality_QUALITY_BAD, Reason: roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED,
		})
	}
	return samples
}

// declare tells the sink of readings that were dropped on their way here.
func (s *session) declare(sink actors.Sink) {
	losses, takes := sink.(actors.LossSink)
	if lost := s.inbox.lost.Swap(0); lost > 0 && takes {
		losses.Lost(int(lost))
	}
}

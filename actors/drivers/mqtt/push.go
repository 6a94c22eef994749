package mqtt

import (
	"cmp"
	"context"
	"fmt"
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
	// awayTimeout is how long the last readings of a session may take to be stored.
	awayTimeout = time.Second
)

// errBack is the end of a session whose device went away and has come back since.
var errBack error = roostv1.Errorf(roostv1.ErrOffline, "the device was away for a moment")

// Push hands over what comes for the device's resources. Messages of QoS 1 and 2 are acknowledged when they are stored, in the order in
// which they came. It fails when the connection is lost or the device goes away, after all that had come before.
func (s *session) Push(ctx context.Context, sink actors.Sink) error {
	if !s.storeKnown(ctx, sink) {
		return nil // ctx has ended
	}
	for {
		s.declare(sink)
		batch, err := s.next(ctx, sink)
		if len(batch) == 0 {
			return err
		}
		if !s.store(ctx, sink, batch) {
			return nil // ctx has ended
		}
	}
}

// next waits for messages. It returns none when there will be none any more, and why.
func (s *session) next(ctx context.Context, sink actors.Sink) ([]*message, error) {
	gone := s.presence.gone()
	var lost error
	for {
		if s.batch = s.inbox.next(s.batch[:0]); len(s.batch) > 0 {
			return s.batch, nil
		}
		switch {
		case lost != nil && s.link.isLost():
			s.away(ctx, sink, roostv1.QualityReason_QUALITY_REASON_COMM_FAILURE)
			return nil, lost
		case lost != nil:
			s.away(ctx, sink, roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED)
			return nil, lost
		}
		select {
		case <-s.inbox.news:
		case <-ctx.Done():
			return nil, nil
		case <-s.link.lost:
			lost = s.link.err // after what came before
		case <-gone:
			lost = cmp.Or(s.presence.isAway(), errBack)
		}
	}
}

// store hands a batch over, and lets go of it when it is stored. It reports whether it was; it does not stop trying before ctx ends.
func (s *session) store(ctx context.Context, sink actors.Sink, batch []*message) bool {
	samples := make([]actors.Sample, 0, len(batch)) // the sink keeps it
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

// release lets go of all at once, so that the acknowledgements go together.
func release(batch []*message) {
	due := false
	acks := batch[0].acks
	for i, m := range batch {
		due = m.drop() || due
		batch[i] = nil
	}
	if due {
		acks.send()
	}
}

// abandon lets go of a message that may not have been stored, as end does.
func (s *session) abandon(m *message) {
	s.inbox.lost.Add(int64(s.readings(m)))
	m.release()
}

// read appends the samples of a message.
func (s *session) read(to []actors.Sample, m *message) []actors.Sample {
	if s.plan.at.edge != nil {
		return s.readMetrics(to, m)
	}
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
				Detail: fmt.Sprintf("a message came that is longer than %d bytes", maxPacket),
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

// away has bad readings of all resources stored, since nothing comes any more. It waits for that, or they would be
// lost with the session; with them is stored what was emitted before.
func (s *session) away(ctx context.Context, sink actors.Sink, reason roostv1.QualityReason) {
	at := time.Now()
	var samples []actors.Sample
	for _, e := range s.readable {
		samples = append(samples, actors.Sample{Resource: e.resource.GetName(), At: at, Quality: roostv1.Quality_QUALITY_BAD, Reason: reason})
	}
	ctx, cancel := context.WithTimeout(ctx, awayTimeout)
	defer cancel()
	_ = sink.Deliver(ctx, samples...) // that the session fails says it too
}

// declare tells the sink of readings that were dropped on their way here.
func (s *session) declare(sink actors.Sink) {
	losses, takes := sink.(actors.LossSink)
	if lost := s.inbox.lost.Swap(0); lost > 0 && takes {
		losses.Lost(int(lost))
	}
}

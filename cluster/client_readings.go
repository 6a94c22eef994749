package cluster

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// ReadingsQuery says which readings are wanted.
type ReadingsQuery struct {
	Device   string        // id; empty: all devices
	Resource string        // only readings of this resource; empty: all
	Since    time.Duration // how far back, on the hub's clock; 0: from the first that the hub still has
	New      bool          // only what is stored from now on; Since is not used then
	Follow   bool          // do not end with the last reading that there is
}

// Readings yields batches in the order in which they were stored, history and live ones
// alike with nothing lost in between, until ctx ends or the last one that there is now was read.
//
// Live readings of a device grow by epoch and sequence: what comes under an older epoch than one before it is marked
// backfill, also if its gateway could not know that it was late, as of what lay in a connection that stood still.
// What was stored twice is yielded once; see [Completeness] for how far back. Where readings are missing, an error that is a *Gap is
// yielded in their place, and a message that is no batch is an error that is ErrInvalid; reading
// goes on after both. Any other error is the last: with Follow there is none but ctx's, since a hub
// that is away is waited for. Breaking the loop ends the reading.
func (c *Client) Readings(ctx context.Context, q ReadingsQuery) iter.Seq2[*roostv1.ReadingBatch, error] {
	return func(yield func(*roostv1.ReadingBatch, error) bool) {
		js, filter, err := c.prepareReadings(q)
		if err != nil {
			yield(nil, err)
			return
		}
		r := &readingsReader{
			query: q, names: c.names, yield: yield,
			loop: loop{tail: tail{js: js, stream: c.names.ReadingsStream(), filter: filter, since: q.Since}, follow: q.Follow},
		}
		r.run(ctx)
	}
}

func (c *Client) prepareReadings(q ReadingsQuery) (jetstream.JetStream, string, error) {
	filter := c.names.Reading("*", "*")
	if q.Device != "" {
		if err := roostv1.CheckID("device id", q.Device); err != nil {
			return nil, "", err
		}
		filter = c.names.Reading(q.Device, "*")
	}
	if q.Since < 0 {
		return nil, "", roostv1.Errorf(roostv1.ErrInvalid, "readings since %v from now: that is in the future", -q.Since)
	}
	js, err := jetstream.New(c.data)
	if err != nil {
		return nil, "", fmt.Errorf("use JetStream: %w", err)
	}
	return js, filter, nil
}

// readingsReader is one loop over readings.
type readingsReader struct {
	query ReadingsQuery
	names Subjects
	yield func(*roostv1.ReadingBatch, error) bool
	loop  loop
	seen  Completeness
}

func (r *readingsReader) run(ctx context.Context) {
	if err := r.loop.run(ctx, r.first(), r.take); err != nil {
		r.yield(nil, err)
	}
}

// first says where to begin.
func (r *readingsReader) first() jetstream.ConsumerConfig {
	switch {
	case r.query.New:
		return jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverNewPolicy}
	case r.query.Since > 0:
		return jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy}
	}
	return jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverAllPolicy}
}

// take yields what a message holds; false if no more is wanted.
func (r *readingsReader) take(m message) bool {
	b := &roostv1.ReadingBatch{}
	if _, err := roostv1.Unmarshal(m.data, b); err != nil {
		return r.yield(nil, fmt.Errorf("message %d at %s: %w", m.sequence, m.subject, err))
	}
	if device := r.names.readingDevice(m.subject); b.DeviceId != device {
		return r.yield(nil, roostv1.Errorf(roostv1.ErrInvalid, "message %d at %s: it has readings of device %.80q", m.sequence, m.subject, b.DeviceId))
	}
	b.Backfill = b.Backfill || r.seen.newest(b.DeviceId) > b.Epoch
	fresh, gap := r.seen.Observe(b)
	if gap != nil && !r.yield(nil, gap) {
		return false
	}
	for _, piece := range fresh {
		if piece = ofResource(piece, r.query.Resource); piece != nil && !r.yield(piece, nil) {
			return false
		}
	}
	return true
}

// ofResource returns the batch with the readings of one resource only, nil if it has none.
// Sequences do not fit them any more, so they are those of the whole batch.
func ofResource(b *roostv1.ReadingBatch, resource string) *roostv1.ReadingBatch {
	if resource == "" {
		return b
	}
	some := withoutReadings(b)
	for _, reading := range b.Readings {
		if reading.GetResource() == resource {
			some.Readings = append(some.Readings, reading)
		}
	}
	if len(some.Readings) == 0 {
		return nil
	}
	return some
}

package fleet

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
)

// Forget has the hub forget the ids of all readings that it stored longer ago than age, which is at least 100 ms, as it does by
// itself half a minute after it stored them. Of what it stores from then on it remembers the ids as before. A hub that
// is away is waited for.
func (f *Fleet) Forget(ctx context.Context, age time.Duration) error {
	names, err := cluster.SubjectsOf(Name)
	if err != nil {
		return err
	}
	js, err := jetstream.New(f.conn)
	if err != nil {
		return err
	}
	return untilDone(ctx, func(ctx context.Context) error { return forget(ctx, js, names.ReadingsStream(), age) })
}

// forget makes the window in which the hub knows ids short for a moment.
func forget(ctx context.Context, js jetstream.JetStream, name string, age time.Duration) error {
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return err
	}
	config := stream.CachedInfo().Config
	before := max(config.Duplicates, cluster.ReadingsDedup)
	if config.Duplicates = age; config.Duplicates != before {
		if _, err := js.UpdateStream(ctx, config); err != nil {
			return err
		}
		pause(ctx, 3*age) // what was stored just now comes of age
	}
	config.Duplicates = before
	_, err = js.UpdateStream(ctx, config)
	return err
}

// attemptTime bounds one attempt at what the hub is asked for.
const attemptTime = 5 * time.Second

// untilDone tries something until it works; the error is that of the last attempt.
func untilDone(ctx context.Context, try func(context.Context) error) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, attemptTime)
		err := try(attempt)
		cancel()
		if err == nil {
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

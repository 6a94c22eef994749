package live

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/roost-iot/roost/cluster"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// askInterval is how often the devices are asked for: an age in seconds is to be believed.
	askInterval = 500 * time.Millisecond
	// lookBack is how far back the first values come from.
	lookBack = time.Minute
)

// Follow keeps a board up to date until ctx ends, and then returns nil. A hub that is away is
// waited for; the board says so meanwhile.
func Follow(ctx context.Context, client *cluster.Client, board *Board) error {
	var all errgroup.Group
	// The listening begins before Follow goes on: events do not come twice.
	events := client.Events(ctx)
	all.Go(func() error {
		for e, err := range events {
			if err == nil {
				board.Event(e)
			}
		}
		return nil
	})
	all.Go(func() error {
		for batch, err := range client.Readings(ctx, cluster.ReadingsQuery{Since: lookBack, Follow: true}) {
			if err == nil {
				board.Batch(batch)
			}
		}
		return nil
	})
	all.Go(func() error {
		askDevices(ctx, client, board)
		return nil
	})
	return all.Wait()
}

// askDevices asks for the devices again and again. It spends a quarter of the time on it at most, here and
// at the gateways: a large fleet is asked less often.
func askDevices(ctx context.Context, client *cluster.Client, board *Board) {
	for {
		began := time.Now()
		devices, err := client.Devices(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			board.Problem(err)
		default:
			board.Devices(devices, time.Now())
			askProfiles(ctx, client, board)
		}
		select {
		case <-time.After(max(askInterval, 3*time.Since(began))):
		case <-ctx.Done():
			return
		}
	}
}

// askProfiles asks for what the board needs to say values as people do.
func askProfiles(ctx context.Context, client *cluster.Client, board *Board) {
	for profile, device := range board.Missing() {
		view, err := client.Device(ctx, device)
		if err == nil || errors.Is(err, roostv1.ErrNotFound) {
			board.Profile(profile, view.Profile)
		}
	}
}

package discover

import (
	"context"
	"iter"
	"sync"

	"golang.org/x/time/rate"
)

// Pace is how fast a search goes.
type Pace struct {
	// Rate is how many addresses are begun in a second, at most.
	Rate float64
	// AtOnce is how many are being asked at a time, at most.
	AtOnce int
}

// Sweep asks each of a sequence, some of them at a time, and returns when all have been asked, or when those that were begun before ctx
// ended have returned.
func Sweep[T any](ctx context.Context, pace Pace, each iter.Seq[T], ask func(context.Context, T)) {
	limit := rate.NewLimiter(rate.Limit(pace.Rate), 1)
	turns := make(chan struct{}, max(pace.AtOnce, 1))
	var asking sync.WaitGroup
	defer asking.Wait()
	for one := range each {
		if limit.Wait(ctx) != nil {
			return
		}
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return
		}
		asking.Go(func() {
			defer func() { <-turns }()
			ask(ctx, one)
		})
	}
}

package discover_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/roost-iot/roost/actors/drivers/discover"
)

// TestSweepIsBounded: in begun per second, and in how many are asked at a time.
func TestSweepIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, all atomic.Int64
		began := time.Now()
		discover.Sweep(t.Context(), discover.Pace{Rate: 10, AtOnce: 3}, slices.Values(make([]int, 30)), func(context.Context, int) {
			n := now.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			<-time.After(time.Second)
			now.Add(-1)
			all.Add(1)
		})
		if all.Load() != 30 || most.Load() != 3 {
			t.Errorf("%d asked, %d at a time", all.Load(), most.Load())
		}
		if took := time.Since(began); took < 10*time.Second {
			t.Errorf("30 of a second each, 3 at a time, took %v", took)
		}
		began = time.Now()
		discover.Sweep(t.Context(), discover.Pace{Rate: 10, AtOnce: 100}, slices.Values(make([]int, 31)), func(context.Context, int) {})
		if took := time.Since(began); took < 3*time.Second {
			t.Errorf("31 at 10 a second took %v", took)
		}
	})
}

// TestSweepEnds with its context, and not before what it began.
func TestSweepEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		var begun, ended atomic.Int64
		began := time.Now()
		discover.Sweep(ctx, discover.Pace{Rate: 1, AtOnce: 9}, slices.Values(make([]int, 1000)), func(ctx context.Context, _ int) {
			begun.Add(1)
			<-ctx.Done()
			ended.Add(1)
		})
		if took := time.Since(began); took > 2500*time.Millisecond || begun.Load() != 3 || ended.Load() != 3 {
			t.Errorf("after %v: begun %d, ended %d", took, begun.Load(), ended.Load())
		}
	})
}

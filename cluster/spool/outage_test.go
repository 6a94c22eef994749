package spool_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/clustertest"
	"github.com/roost-iot/roost/cluster/spool"
)

const (
	fleetSize = 1000 // devices, with one reading a second each
	liveRate  = fleetSize
)

// backlog is how many readings an outage leaves: those of one minute, or ROOST_TEST_BACKLOG.
func backlog(tb testing.TB) int {
	if n, err := strconv.Atoi(os.Getenv("ROOST_TEST_BACKLOG")); err == nil {
		return n
	}
	if testing.Short() {
		return 10 * liveRate
	}
	return 60 * liveRate
}

// TestLongOutage: what piles up in an outage drains in order while live readings go on, and memory stays what it was. The
// figures are printed, and asserted with large margins only.
func TestLongOutage(t *testing.T) {
	n := backlog(t)
	site := newSite(t, clustertest.StartProcess(t))
	s, _ := open(t, site.config(t.TempDir()))
	site.hub.Stop()
	before := heap()
	began := time.Now()
	pile(t, s, n)
	t.Logf("%d readings of %d devices stored in %v, one each: %.0f/s", n, fleetSize, round(began), float64(n)/time.Since(began).Seconds())
	full := heap()
	site.hub.Restart()
	began = time.Now()
	live := goLive(t, site, s, uint64(n/fleetSize)+1)
	most := uint64(0)
	looked := time.Now()
	until(t, "the backlog is drained", func() bool {
		if time.Since(looked) > time.Second {
			most, looked = max(most, heap()), time.Now()
		}
		return live.late.Load() >= int64(n)
	})
	took := time.Since(began)
	sampled := live.stop()
	rate := float64(n) / took.Seconds()
	t.Logf("drained in %v: %.0f readings/s, %.1f x live; live readings were at most %v late, %v on average, of %d",
		took.Round(time.Millisecond), rate, rate/liveRate, live.most.Round(time.Millisecond), live.average().Round(time.Millisecond), live.seen.Load())
	t.Logf("heap: %d MB before, %d MB when all was stored, %d MB at most while it drained", before>>20, full>>20, most>>20)
	if rate < liveRate {
		t.Errorf("%.0f readings/s were drained, less than come in", rate)
	}
	if most > before+256<<20 {
		t.Errorf("memory grew from %d MB to %d MB", before>>20, most>>20)
	}
	sent(t, s)
	total := 0
	for _, series := range read(t, site.hub) {
		total += series.readings
	}
	if want := n + sampled; total != want {
		t.Errorf("the client has %d readings, want %d", total, want)
	}
}

func round(began time.Time) time.Duration { return time.Since(began).Round(time.Millisecond) }

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// pile stores n readings, one of each device at a time.
func pile(tb testing.TB, s *spool.Spool, n int) {
	tb.Helper()
	for i := range n / fleetSize {
		var round sync.WaitGroup
		for d := range fleetSize {
			round.Add(1)
			s.Store(batch(fmt.Sprintf("d%03d", d), 1, uint64(i+1), 1), func(err error) {
				if err != nil {
					tb.Errorf("store: %v", err)
				}
				round.Done()
			})
		}
		round.Wait()
	}
}

// live is devices that sample, and a reader that sees their readings come.
type live struct {
	end    func() int
	mu     sync.Mutex
	stored map[string]time.Time // device/sequence
	most   time.Duration
	sum    time.Duration
	seen   atomic.Int64
	late   atomic.Int64 // readings of the backlog that came
}

func (l *live) stop() int { return l.end() }

func (l *live) average() time.Duration { return l.sum / time.Duration(max(l.seen.Load(), 1)) }

// goLive samples every device once a second, with sequences from first on, and measures how late the readings come.
func goLive(tb testing.TB, site *site, s *spool.Spool, first uint64) *live {
	tb.Helper()
	l := &live{stored: map[string]time.Time{}}
	ctx, cancel := context.WithCancel(tb.Context())
	client, err := cluster.NewClient(site.hub.Connect(tb), "test")
	if err != nil {
		tb.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for b, err := range client.Readings(ctx, cluster.ReadingsQuery{Follow: true}) {
			switch {
			case err != nil:
				continue
			case b.Backfill:
				l.late.Add(int64(len(b.Readings)))
				continue
			}
			l.came(b.DeviceId, b.FirstSequence, len(b.Readings))
		}
	})
	sampled := 0
	running.Go(func() {
		const each = 10 // devices at once
		ticker := time.NewTicker(time.Second * each / liveRate)
		defer ticker.Stop()
		var open sync.WaitGroup
		given := map[string]chan struct{}{} // the last one of each device, closed when it is stored
		for ; ctx.Err() == nil; <-ticker.C {
			for range each {
				device, sequence := fmt.Sprintf("d%03d", sampled%fleetSize), first+uint64(sampled/fleetSize)
				sampled++
				if last := given[device]; last != nil {
					<-last // batches of a device are given one at a time
				}
				stored := make(chan struct{})
				given[device] = stored
				l.mu.Lock()
				l.stored[fmt.Sprint(device, sequence)] = time.Now()
				l.mu.Unlock()
				open.Add(1)
				s.Store(batch(device, 1, sequence, 1), func(err error) {
					if err != nil {
						tb.Errorf("store: %v", err)
					}
					close(stored)
					open.Done()
				})
			}
		}
		open.Wait()
	})
	l.end = func() int {
		cancel()
		running.Wait()
		return sampled
	}
	return l
}

// came notes that readings of a device have come.
func (l *live) came(device string, first uint64, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range n {
		if at, ok := l.stored[fmt.Sprint(device, first+uint64(i))]; ok {
			late := time.Since(at)
			l.most, l.sum = max(l.most, late), l.sum+late
			l.seen.Add(1)
		}
	}
}

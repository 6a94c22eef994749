package spool_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/clustertest"
)

// kills is how often processes are killed in a test; ROOST_TEST_KILLS has another number.
func kills(tb testing.TB) int {
	if n, err := strconv.Atoi(os.Getenv("ROOST_TEST_KILLS")); err == nil {
		return n
	}
	if testing.Short() {
		return 3
	}
	return 15
}

// moment is when to kill next.
func moment() <-chan time.Time { return time.After(20*time.Millisecond + rand.N(400*time.Millisecond)) }

// TestGatewayKilled kills the process of a gateway at arbitrary moments while its devices store as fast as they can, and the
// hub is away now and then. What was said to be durable is at the hub in the end, nothing is missing before it, and
// nothing comes twice.
func TestGatewayKilled(t *testing.T) {
	t.Parallel() // it mostly waits
	const devices = 8
	site := newSite(t, clustertest.StartProcess(t))
	plan := childPlan{Folder: t.TempDir(), Hub: site.hub.URL(), Devices: devices, Epoch: 5}
	acked := map[string]uint64{}
	n, outages, away := kills(t), 0, false
	for i := range n {
		switch i % 5 {
		case 2: // the epoch stays: the hub is away while the next two processes begin
			site.hub.Kill()
			away = true
			outages++
		case 4:
			if away {
				site.hub.Restart()
				away = false
			}
			plan.Epoch++
		}
		c := startChild(t, plan, acked)
		<-moment()
		c.kill()
	}
	if away {
		site.hub.Restart()
	}
	config := site.config(plan.Folder)
	s, _ := open(t, config)
	sent(t, s)
	total := check(t, site.hub, acked)
	t.Logf("%d kills of the gateway, %d outages of the hub among them: %d readings stored, %d device epochs", n, outages, total, len(acked))
}

// TestHubKilled kills the hub at arbitrary moments.
func TestHubKilled(t *testing.T) {
	t.Parallel() // it mostly waits
	const devices = 8
	site := newSite(t, clustertest.StartProcess(t))
	s, _ := open(t, site.config(t.TempDir()))
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	acked := map[string]uint64{}
	var running sync.WaitGroup
	for d := range devices {
		running.Go(func() {
			device := fmt.Sprintf("d%03d", d)
			for next := uint64(1); ctx.Err() == nil; next += 2 {
				if err := give(t, s, batch(device, 3, next, 2)); err != nil {
					t.Errorf("store: %v", err)
					return
				}
				mu.Lock()
				acked[device+"/3"] = next + 1
				mu.Unlock()
			}
		})
	}
	n := kills(t)
	for range n {
		<-moment()
		site.hub.Kill()
		<-moment()
		site.hub.Restart()
	}
	cancel()
	running.Wait()
	sent(t, s)
	t.Logf("%d kills of the hub: %d readings stored", n, check(t, site.hub, acked))
}

// check checks that the client reads all that was durable, and returns how many readings that are.
func check(tb testing.TB, hub *clustertest.Hub, acked map[string]uint64) (total int) {
	tb.Helper()
	got := readAny(tb, hub)
	for key, last := range acked {
		s := got[key]
		if s == nil || s.last < last {
			tb.Errorf("%s: %d was durable, the client has %+v", key, last, s)
			continue
		}
		if s.readings != int(s.last) {
			tb.Errorf("%s: %d readings up to %d", key, s.readings, s.last)
		}
		total += s.readings
	}
	return total
}

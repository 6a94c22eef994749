package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/roost-iot/roost/nodes/health"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// watched is a gateway as whoever watches over it sees it: a health.Subject.
type watched struct {
	gateway *Gateway
	fleet   string
	version string
	counts  deviceCounts
}

// Health is what a health.Server tells about.
func (g *Gateway) Health() health.Subject { return g.watched }

// Live implements [health.Subject].
func (w *watched) Live(ctx context.Context) error {
	if err := w.gateway.actors.Pulse(ctx); err != nil {
		return fmt.Errorf("the actors handle no messages: %w", err)
	}
	if err := w.gateway.cluster.Pulse(ctx); err != nil {
		return fmt.Errorf("the lease is not kept: %w", err)
	}
	return nil
}

// Collector implements [health.Subject].
func (w *watched) Collector() prometheus.Collector { return health.NewGatewayCollector(w.state) }

func (w *watched) state() health.GatewayState {
	g := w.gateway
	away, _ := g.cluster.HubAway()
	counts := w.counts.now(g.actors.Statuses)
	return health.GatewayState{
		ID: g.id, Fleet: w.fleet, Version: w.version, Standing: g.cluster.Standing(), HubAway: away,
		Devices: counts.states, Buses: counts.buses, Totals: g.actors.Totals(), Spool: g.spoolState(),
	}
}

// Ready implements [health.Subject]. A gateway serves while it holds its lease; without one it does if at
// least one device runs, which needs no lease then.
func (w *watched) Ready() health.Report {
	g := w.gateway
	stand, counts := g.cluster.Standing(), w.counts.now(g.actors.Statuses)
	report := health.Report{Who: fmt.Sprintf("gateway %s of fleet %s", g.id, w.fleet)}
	say := func(format string, args ...any) { report.Why = append(report.Why, fmt.Sprintf(format, args...)) }
	if away, is := g.cluster.HubAway(); is {
		say("the hub is away%s", forSoLong(away))
	}
	running := counts.states[roostv1.DeviceState_DEVICE_STATE_ONLINE]
	switch {
	case stand.Departed || g.ending.Load():
		say("the gateway is stopping, or has left its fleet")
	case stand.Joined && !stand.Suspended:
		report.Ready = true
	case running > 0:
		report.Ready = true
		say("the gateway has no lease: it acts on no shared device, and %s online without one", plural(running, "device is", "devices are"))
	case !stand.Joined:
		say("the gateway has not joined its fleet")
	default:
		say("the gateway has no lease, and no device that runs without one")
	}
	if stand.Draining && !stand.Departed {
		say("the gateway hands over what it serves, and takes nothing new")
	}
	if s := g.spoolState(); s != nil && s.State != "ok" {
		say("the spool of readings is %s, %d readings wait in it", s.State, s.Waiting)
	}
	if g.actors.Totals().StoreFailing {
		say("readings cannot be stored at present: they are kept, and tried again")
	}
	return report
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func forSoLong(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return fmt.Sprintf(" for %v", d.Truncate(time.Second))
}

// countsAge is how old counts may be: they cost a walk over all devices.
const countsAge = time.Second

// deviceCounts counts devices, at most once in countsAge. It may be used concurrently.
type deviceCounts struct {
	mu      sync.Mutex
	counted time.Time
	last    countedDevices
}

// countedDevices must not be changed.
type countedDevices struct {
	states map[roostv1.DeviceState]int
	buses  int
}

func (c *deviceCounts) now(statuses func(after string, limit int) ([]*roostv1.DeviceStatus, bool)) countedDevices {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.counted.IsZero() && time.Since(c.counted) < countsAge {
		return c.last
	}
	states, buses := map[roostv1.DeviceState]int{}, map[string]bool{}
	for after, more := "", true; more; {
		var page []*roostv1.DeviceStatus
		if page, more = statuses(after, 0); len(page) == 0 {
			break
		}
		for _, d := range page {
			states[d.State]++
			buses[d.Bus] = true
		}
		after = page[len(page)-1].DeviceId
	}
	c.last, c.counted = countedDevices{states, len(buses)}, time.Now()
	return c.last
}

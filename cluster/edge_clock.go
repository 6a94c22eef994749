package cluster

import (
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// serviceClock is the clock by which commands expire. It is the hub's; but for a bus that is served since before the
// hub's time was known it counts from the machine's boot, for as long as its epoch lasts: durations are the
// same on both, and nothing jumps while a command waits. Its methods may be called concurrently.
type serviceClock struct {
	hub   *HubClock
	clock boottime.Clock

	mu    sync.Mutex
	alone map[string]uint64 // epochs under which buses are served without the hub, by bus
}

// bootBase is where times begin that count from the machine's boot. Nobody takes them for the hub's.
var bootBase = time.Unix(0, 0)

// Now returns the time of the hub, as [HubClock.Now] does.
func (c *serviceClock) Now() (time.Time, time.Duration, bool) { return c.hub.Now() }

// NowUnder returns the time for commands of devices on the bus under the epoch.
func (c *serviceClock) NowUnder(bus string, epoch uint64) (time.Time, time.Duration, bool) {
	if c.isAlone(bus, epoch) {
		return bootBase.Add(time.Duration(c.clock.Now())), 0, true
	}
	return c.hub.Now()
}

// setAlone notes that a bus is served without the hub, under an epoch.
func (c *serviceClock) setAlone(bus string, epoch uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alone == nil {
		c.alone = map[string]uint64{}
	}
	c.alone[bus] = epoch
}

// isAlone reports whether a bus was begun to be served without the hub, under the epoch.
func (c *serviceClock) isAlone(bus string, epoch uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.alone[bus]
	return ok && at == epoch
}

// Clock tells the time by which commands expire: the hub's, and for the devices that were begun to be served while the
// hub was away the time since the machine's boot.
func (g *Gateway) Clock() *serviceClock { return g.service }

// timesOf says by which clock the times in a record are.
func (e *Edge) timesOf(c *roostv1.LocalCommand, bus string, epoch uint64) {
	c.BootId, c.HubTime = e.boot, !e.time.isAlone(bus, epoch)
	now, _, known := e.time.NowUnder(bus, epoch)
	at := e.clock.Now()
	if known {
		at = at.Add(-now.Sub(c.Record.GetAcceptedAt().AsTime()))
	}
	c.AcceptedUptime = durationpb.New(time.Duration(at))
}

// under returns the record of a command with its times as the clock for the bus under the epoch has them.
func (e *Edge) under(c *roostv1.LocalCommand, bus string, epoch uint64, bounds roostv1.CommandBounds) *roostv1.CommandRecord {
	now, _, known := e.time.NowUnder(bus, epoch)
	hub := !e.time.isAlone(bus, epoch)
	if !known || c.HubTime && hub {
		return proto.CloneOf(c.Record)
	}
	if c.BootId == e.boot {
		return shifted(c.Record, e.acceptedAt(c, now))
	}
	// The machine has booted since, and nobody knows for how long it was off: nothing is sent too late.
	_, expires := c.Record.Times(bounds)
	return shifted(c.Record, now.Add(c.Record.GetAcceptedAt().AsTime().Sub(expires)))
}

// acceptedAt is when a command was accepted in this boot, by a clock that reads now.
func (e *Edge) acceptedAt(c *roostv1.LocalCommand, now time.Time) time.Time {
	return now.Add(c.AcceptedUptime.AsDuration() - time.Duration(e.clock.Now()))
}

// onHubTime returns the record of a command that has ended, with its times as the hub has them, as far as anybody
// knows.
func (e *Edge) onHubTime(c *roostv1.LocalCommand, now time.Time) *roostv1.CommandRecord {
	switch {
	case c.HubTime:
		return proto.CloneOf(c.Record)
	case c.BootId == e.boot:
		return shifted(c.Record, e.acceptedAt(c, now))
	}
	r := shifted(c.Record, now.Add(c.Record.GetAcceptedAt().AsTime().Sub(c.Record.GetFinishedAt().AsTime())))
	r.Learn(&roostv1.Evidence{
		At: timestamppb.New(now), Gateway: e.gateway,
		Text: "its times are too late: the gateway did not know the hub's, and has booted since",
	})
	return r
}

// shifted returns a copy of a record, all of whose times are moved as that of its acceptance.
func shifted(r *roostv1.CommandRecord, accepted time.Time) *roostv1.CommandRecord {
	by := accepted.Sub(r.GetAcceptedAt().AsTime())
	r = proto.CloneOf(r)
	move := func(at *timestamppb.Timestamp) *timestamppb.Timestamp {
		if at == nil {
			return nil
		}
		return timestamppb.New(at.AsTime().Add(by))
	}
	r.AcceptedAt, r.DispatchedAt, r.FinishedAt = move(r.AcceptedAt), move(r.DispatchedAt), move(r.FinishedAt)
	for _, t := range r.Transitions {
		t.At = move(t.At)
	}
	for _, evidence := range r.Evidence {
		evidence.At = move(evidence.At)
	}
	return r
}

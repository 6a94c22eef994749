package cluster

import (
	"context"
	"fmt"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// aloneCheck is how often it is looked whether the hub is away, until the gateway has joined.
const aloneCheck = 50 * time.Millisecond

// beginEdge takes over what the edge has stored.
func (g *Gateway) beginEdge() {
	edge := g.config.Edge
	edge.begin(g)
	if edge.kept != nil {
		edge.flaws = append(edge.flaws, g.picture.restore(edge.kept)...)
	}
}

// untilJoined waits until the gateway has its name; false if ctx ended before. While the hub is away meanwhile, what only
// this gateway can reach is served.
func (g *Gateway) untilJoined(ctx context.Context, custody *custody) bool {
	var look <-chan time.Time
	if g.config.Edge != nil {
		g.tellFlaws()
		ticker := time.NewTicker(aloneCheck)
		defer ticker.Stop()
		look = ticker.C
	}
	for {
		select {
		case <-g.keeper.joined:
			return true
		case <-ctx.Done():
			return false
		case <-look:
			if _, away := g.HubAway(); away {
				g.serveAlone(custody)
				look = nil
			}
		}
	}
}

// tellFlaws tells what of the stored files cannot be used.
func (g *Gateway) tellFlaws() {
	for _, err := range g.config.Edge.flaws {
		g.log.Error("what was stored to run without the hub cannot be used", "error", err)
		g.Emit(&roostv1.Event{
			Gateway: g.config.ID, Kind: roostv1.EventKind_EVENT_KIND_BAD_RECORD,
			Message: err.Error(), Status: roostv1.StatusOf(err),
		})
	}
}

// serveAlone serves what only this gateway can reach, from the stored registry and each bus under the epoch that it had
// last. Nothing that others can reach is touched.
func (g *Gateway) serveAlone(custody *custody) {
	kept := g.config.Edge.kept
	if kept == nil || len(kept.Devices) == 0 {
		return
	}
	devices := 0
	for _, bus := range g.picture.BusIDs() {
		if !g.picture.attachedTo(bus, g.config.ID, g.config.Labels) {
			continue
		}
		epoch := kept.Epochs[bus]
		if owner := g.picture.Owner(bus); owner.Gateway == g.config.ID { // the hub was met, and is away again
			epoch = owner.Epoch
		}
		devices += custody.adopt(bus, epoch, kept.Revision)
	}
	g.alone.Store(uint64(devices))
	close(g.began)
	g.tell(fmt.Sprintf("runs %d attached devices from the registry stored at revision %d: the hub is away", devices, kept.Revision))
}

// adopt has the Host serve a bus without the hub, and returns how many devices it has then.
func (c *custody) adopt(bus string, epoch, revision uint64) int {
	c.act(false) // there is no lease
	c.service.setAlone(bus, epoch)
	a := c.flaws.assignment(bus, epoch)
	if len(a.Devices) == 0 {
		return 0
	}
	p := &post{held: true, epoch: epoch}
	c.posts[bus] = p
	c.dirty[bus] = true // also if nothing is heard of it any more
	if err := c.host.Assign(c.life, a); err != nil {
		c.log.Error("bus not served", "bus", bus, "epoch", epoch, "error", err)
		return 0
	}
	c.desk.assigned(a)
	for _, d := range a.Devices {
		c.report(&roostv1.Event{
			DeviceId: d.Id, Bus: bus, Kind: roostv1.EventKind_EVENT_KIND_GATEWAY, Epoch: epoch,
			Message: fmt.Sprintf("runs from the registry stored at revision %d: the hub is away", revision),
		})
	}
	return len(a.Devices)
}

// UntilAlone returns true when devices are served without the hub, and false when the gateway has joined instead, or ctx
// has ended.
func (g *Gateway) UntilAlone(ctx context.Context) bool {
	select {
	case <-g.began:
		return true
	case <-g.keeper.joined:
	case <-ctx.Done():
	}
	return false
}

// Alone returns how many devices were begun to be served while the hub was away, and up to which sequence of the control
// stream the registry holds that they run from; 0 if none were.
func (g *Gateway) Alone() (devices int, revision uint64) {
	n := g.alone.Load()
	if n == 0 {
		return 0, 0
	}
	return int(n), g.config.Edge.kept.GetRevision()
}

package gateway

import (
	"strings"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/cluster/spool"
	"github.com/roost-iot/roost/nodes/health"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// store is where the actors' readings go: to the spool and from there to the hub, or straight there.
func (g *Gateway) store(cfg Config) (actors.Store, error) {
	if cfg.Spool == nil {
		g.readings.Late = g.cluster.Late
		return g.readings, nil
	}
	c := *cfg.Spool
	c.Gateway, c.Sink, c.Link = cfg.ID, g.readings, cfg.Conn
	c.BootID, c.Events, c.Logger = bootID(), g.cluster.Emit, cfg.Logger
	c.HubTime = func() (time.Time, bool) {
		now, _, ok := g.cluster.HubClock().Now()
		return now, ok
	}
	c.Outdated = g.cluster.Outdated
	c.Correct = func(b *roostv1.ReadingBatch) { g.cluster.HubClock().Correct(b) }
	var err error
	g.spool, err = spool.Open(c)
	return g.spool, err
}

func (g *Gateway) spoolStatus() *roostv1.SpoolStatus { return g.spool.Status() }

// spoolState is what the spool does, for metrics; nil: there is none.
func (g *Gateway) spoolState() *health.Spool {
	if g.spool == nil {
		return nil
	}
	status := g.spool.Status()
	return &health.Spool{
		State:   strings.ToLower(strings.TrimPrefix(status.State.String(), "SPOOL_STATE_")),
		Waiting: status.Waiting, Bytes: status.Bytes, Oldest: status.Oldest.AsDuration(), Dropped: status.Dropped,
	}
}

func (g *Gateway) closeSpool() error {
	if g.spool == nil {
		return nil
	}
	return g.spool.Close()
}

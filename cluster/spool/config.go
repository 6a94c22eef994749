package spool

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Defaults of a Config.
const (
	DefaultMaxBytes     = 1 << 30
	MinBytes            = 1 << 20 // the least that a spool can do with
	DefaultMaxAge       = 7 * 24 * time.Hour
	DefaultBackfillRate = 50_000
	DefaultSpread       = 2 * time.Second
)

// Sink is where readings go from here: cluster.Readings. What it is given has to be as [Spool.Store] takes it,
// but that batches marked backfill may be on their way beside others of the same device.
type Sink interface {
	Store(batch *roostv1.ReadingBatch, done func(error))
}

// Link tells whether the hub can be reached: a *nats.Conn.
type Link interface {
	IsConnected() bool
}

// Config says how to open a spool. Folder, Sink and Link are required.
type Config struct {
	// Folder that the spool keeps everything in. It is made if missing, and belongs to this spool alone.
	Folder string
	// Gateway whose readings these are; the name of the embedded server.
	Gateway string
	// Sink takes the readings to the hub.
	Sink Sink
	// Link to the hub.
	Link Link

	// MaxBytes bounds what waits on disk; above it the oldest is dropped, and declared. Default 1 GiB.
	MaxBytes int64
	// MaxAge bounds how old what waits may be: likewise. Default 7 days; negative: no bound. An age is known
	// within one boot of the machine, and beyond it where the hub's time was known both then and now.
	// What has no known age is kept.
	MaxAge time.Duration
	// BackfillRate is the most readings a second that are sent of what piled up in an outage. It is less
	// while the hub is slow. Default 50,000.
	BackfillRate int
	// Spread is the longest time that the backfill waits after an outage, at random, so that not all gateways
	// begin at once. Default 2 s; negative: none.
	Spread time.Duration

	// BootID tells the present boot of this machine from every other; empty: it is not known.
	BootID string
	// HubTime tells the time of the hub; false while it is not known. nil: it never is.
	HubTime func() (time.Time, bool)
	// Correct puts the times of a batch right that was made before the time was known, in place; nil: nothing
	// does. It is called by one goroutine.
	Correct func(*roostv1.ReadingBatch)
	// Outdated reports whether readings of a device under an epoch may come after those of its next owner. They are
	// marked backfill then, however fresh they are. nil: none ever are. It is called by one goroutine.
	Outdated func(device string, epoch uint64) bool
	// Events is told what happens; nil: nobody is. It must not block.
	Events func(*roostv1.Event)
	// Logger; nil: nothing is logged.
	Logger *slog.Logger
}

func (c Config) withDefaults() Config {
	c.Gateway = cmp.Or(c.Gateway, "gateway")
	c.MaxBytes = cmp.Or(c.MaxBytes, DefaultMaxBytes)
	c.MaxAge = cmp.Or(c.MaxAge, DefaultMaxAge)
	c.BackfillRate = cmp.Or(c.BackfillRate, DefaultBackfillRate)
	c.Spread = cmp.Or(c.Spread, DefaultSpread)
	if c.HubTime == nil {
		c.HubTime = func() (time.Time, bool) { return time.Time{}, false }
	}
	if c.Correct == nil {
		c.Correct = func(*roostv1.ReadingBatch) {}
	}
	if c.Outdated == nil {
		c.Outdated = func(string, uint64) bool { return false }
	}
	if c.Events == nil {
		c.Events = func(*roostv1.Event) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c Config) validate() error {
	switch {
	case c.Folder == "":
		return errors.New("the spool has no folder")
	case c.Sink == nil, c.Link == nil:
		return errors.New("the spool has no sink, or no link to the hub")
	case c.MaxBytes < MinBytes:
		return fmt.Errorf("the spool may have %d bytes: at least %d are needed", c.MaxBytes, MinBytes)
	case c.BackfillRate < 0:
		return errors.New("the spool's backfill rate is negative")
	}
	return nil
}

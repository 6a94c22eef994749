package main

import (
	"errors"
	"fmt"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/console"
	"github.com/roost-iot/roost/nodes/control"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// sink is where readings go.
type sink interface {
	// batch takes readings; false if no more are wanted.
	batch(*roostv1.ReadingBatch) (bool, error)
	// gap takes what is missing between two batches.
	gap(*cluster.Gap) error
	// end writes what is left.
	end() error
}

// sink returns the form in which readings are wanted.
func (c *readingsCommand) sink(device string, profile *roostv1.Profile) sink {
	screen := c.screen()
	log := console.NewLog(screen, profile, c.resource)
	none := func() error { return c.nothing(device) }
	switch {
	case c.json && (c.follow || c.limit == 0):
		return &jsonLines{program: c.program, left: c.limit}
	case c.json:
		return &jsonLast{jsonLines: jsonLines{program: c.program}, most: c.limit}
	case c.follow:
		return &stream{log: log, left: c.limit, none: log.Head}
	case screen.Terminal:
		return &page{log: log, screen: screen, most: c.limit, plots: newPlots(profile, c.resource), none: none}
	case c.limit > 0:
		return &page{log: log, screen: screen, most: c.limit, none: none}
	default:
		return &stream{log: log, none: none}
	}
}

// nothing says that there are no readings.
func (c *readingsCommand) nothing(device string) error {
	what := device
	if c.resource != "" {
		what += " " + c.resource
	}
	if c.local.asked() && c.since == 0 {
		_, err := fmt.Fprintf(c.Err, "roost: the gateway has no readings of %s in its memory\n", what)
		return err
	}
	_, err := fmt.Fprintf(c.Err, "roost: no readings of %s in the last %s: look further back with --since\n", what, console.Span(c.since))
	return err
}

// take gives a batch, or what came in its place, to a sink.
func (c *readingsCommand) take(out sink, batch *roostv1.ReadingBatch, err error) (more bool, _ error) {
	var gap *cluster.Gap
	var lost *control.Lost
	switch {
	case err == nil:
		return out.batch(batch)
	case errors.As(err, &gap):
		return true, out.gap(gap)
	case errors.As(err, &lost), errors.Is(err, roostv1.ErrInvalid): // a message that is no batch; others are
		_, err = fmt.Fprintln(c.Err, "roost: "+errorText(err))
		return true, err
	default:
		return false, err
	}
}

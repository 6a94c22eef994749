package findopcua

import (
	"context"

	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/opcua"
)

// Found is what a server has.
type Found struct {
	namespaces []string
	variables  []*variable
	more       bool
	keys       map[string]string
}

// Browse browses a server until all has been looked at, or ctx ends, and returns what it has found by then, and how far it came. The error says
// why it could not begin, or go on.
func Browse(ctx context.Context, c Config) (*Found, discover.Progress, error) {
	b := &browser{Config: c, tally: discover.NewTally(0, "nodes", c.Tell), seen: map[string]bool{}}
	found := func(err error) (*Found, discover.Progress, error) {
		if ctx.Err() != nil {
			err, b.more = nil, true // that is how it is told to end
		}
		return &Found{variables: b.found, more: b.more, keys: c.Keys}, b.tally.Progress(), err
	}
	p, err := opcua.OpenProbe(ctx, c.Keys)
	if err != nil {
		return found(err)
	}
	defer p.Close(context.WithoutCancel(ctx)) // so that the server hears of the end; it is given a bounded time
	b.Probe = p
	namespaces, err := b.namespaces(ctx)
	if err == nil {
		err = b.walk(ctx)
	}
	// What was found is asked for also when there is no time left to find more: without it nothing could be told.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastQuestions)
	defer cancel()
	if asking := b.ask(last); err == nil {
		err = asking
	}
	f, progress, err := found(err)
	f.namespaces = namespaces
	return f, progress, err
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// orderly is how long a bus may take to be put down in order before it is cut off: what
	// its devices are doing has to end.
	orderly = 5 * time.Second
	// abrupt is the same for a bus that may be another gateway's already.
	abrupt = 250 * time.Millisecond
)

// withdrawn is the end of a withdrawal.
type withdrawn struct {
	bus string
	err error
}

// putDown has the Host put a bus down: in order if that does not take longer than patience.
func (c *custody) putDown(bus string, p *post, patience time.Duration) {
	switch {
	case c.stand.phase == phaseLost:
		patience = abrupt
	case c.leaving:
		patience = min(patience, c.slow)
	}
	patient, hurry := context.WithTimeout(c.life, patience)
	p.busy, p.hurry = true, hurry
	c.out++
	c.desk.withdrawn(bus)
	go func() { // ends with its result, or with the custody's life
		defer hurry()
		err := c.withdraw(patient, bus)
		select {
		case c.ended <- withdrawn{bus, err}:
		case <-c.life.Done():
		}
	}()
}

// withdraw puts a bus down: in order until patient ends, and then cut off. When it returns nil, nothing
// is done to its devices any more.
func (c *custody) withdraw(patient context.Context, bus string) error {
	select {
	case c.calls <- struct{}{}:
		defer func() { <-c.calls }()
	case <-c.life.Done():
		return context.Cause(c.life)
	}
	if err := c.host.Withdraw(patient, bus); err == nil || c.life.Err() != nil {
		return err
	}
	return c.host.Withdraw(c.life, bus)
}

// noteMoreWithdrawn takes notice of all that have ended meanwhile.
func (c *custody) noteMoreWithdrawn() {
	for {
		select {
		case w := <-c.ended:
			c.noteWithdrawn(w)
		default:
			return
		}
	}
}

// noteWithdrawn takes notice that the Host has put a bus down, or could not.
func (c *custody) noteWithdrawn(w withdrawn) {
	c.out--
	p := c.posts[w.bus]
	if p == nil {
		return
	}
	p.busy, p.hurry = false, nil
	if w.err != nil {
		c.log.Warn("bus not put down", "bus", w.bus, "error", w.err)
		c.lookAt(w.bus, c.clock.Now().Add(custodyRetry))
		return
	}
	p.held, p.spent, p.stale = false, p.epoch, false
	c.dirty[w.bus] = true
	c.pending(w.bus, p)
}

// pending passes a bus on at once that was put down to be handed over.
func (c *custody) pending(bus string, p *post) {
	if !c.ready() {
		return
	}
	owner, demand := c.picture.Demand(bus)
	if !c.stand.self.owns(owner) || owner.Epoch != p.spent {
		return
	}
	c.field.make(c.clock.Now())
	heir := c.heir(bus, demand)
	if heir.gateway == "" && demand.Met(c.id, c.labels) && !c.leaving {
		return // it stays, under a new epoch
	}
	p.busy = true
	c.writes = append(c.writes, c.stand.self.handOver(c.names, bus, owner.Epoch, heir))
}

// noteWritten takes notice of what became of writes. What was written comes back through the
// picture; where somebody else was faster, that does too.
func (c *custody) noteWritten(writes []*write) {
	var failed failures
	defer failed.log(c.log, "owners of buses could not be written")
	for _, w := range writes {
		key, _ := c.names.key(w.subject)
		p := c.posts[key.ID]
		if p == nil {
			continue
		}
		p.busy = false
		switch {
		case w.err == nil:
			p.wrote = w.sequence
		case !errors.Is(w.err, roostv1.ErrConflict):
			failed.add(key.ID, w.err)
			c.lookAt(key.ID, c.clock.Now().Add(custodyRetry))
			continue
		}
		c.dirty[key.ID] = true
	}
}

// follow takes over where the gateway stands.
func (c *custody) follow(now boottime.Instant) {
	was := c.stand
	c.stand = c.keeper.standing()
	c.act(c.stand.phase == phaseHolding)
	if c.stand.phase == phaseLost || c.leaving && c.stand.joined == 0 {
		c.renounce(now)
		return
	}
	if was.self != c.stand.self {
		c.begin()
	}
	if was.self != c.stand.self || was.phase != c.stand.phase || was.joined != c.stand.joined || was.draining != c.stand.draining {
		c.all()
	}
}

// begin forgets what an earlier incarnation was about to do, and of another stream all that it wrote.
func (c *custody) begin() {
	stream := c.picture.generation()
	for _, p := range c.posts {
		p.wrote, p.before = 0, ""
		if stream != c.stream {
			p.spent = 0
		}
	}
	clear(c.later)
	c.stream = stream
}

// act tells the Host whether it may act.
func (c *custody) act(may bool) {
	switch {
	case may && !c.acting:
		c.host.Resume()
	case !may && c.acting:
		c.host.Suspend()
	}
	c.acting = may
}

// renounce puts down all that others may own by now. When that is done, a new incarnation may begin,
// which must not find anything of the old one at work.
func (c *custody) renounce(now boottime.Instant) {
	for _, w := range c.writes { // they would be refused
		key, _ := c.names.key(w.subject)
		if p := c.posts[key.ID]; p != nil {
			p.busy = false
		}
	}
	c.writes, c.moves = nil, newMoves()
	patience := abrupt
	if c.stand.phase != phaseLost { // nobody else can reach what it has
		patience = orderly
	}
	left := false
	for bus, p := range c.posts {
		if !p.held {
			continue
		}
		if _, demand := c.picture.Demand(bus); c.runsOn(demand) || mutant("no-fence") {
			continue
		}
		left = true
		switch {
		case p.hurry != nil:
			p.hurry()
		case !p.busy && !now.Before(c.later[bus]):
			c.putDown(bus, p, patience)
		}
	}
	if !left && !c.leaving {
		c.keeper.again(c.life)
	}
}

// tellTakeover tells that a bus is this gateway's now which was another one's.
func (c *custody) tellTakeover(bus string, p *post, owner Owner) {
	var message string
	switch {
	case owner.From != "" && owner.From != c.id:
		message = fmt.Sprintf("bus %s was handed over by %s", bus, owner.From)
	case p.before != "" && p.before != c.id:
		message = fmt.Sprintf("bus %s was taken over from %s, which had ended", bus, p.before)
	default:
		return
	}
	p.before = ""
	c.report(&roostv1.Event{
		Bus: bus, Kind: roostv1.EventKind_EVENT_KIND_TAKEOVER, Epoch: owner.Epoch, Message: message,
	})
}

// vacate gives up all that is this gateway's: each bus to its next owner, or to nobody. It returns
// nil when nothing is left, or ctx's cause.
func (c *custody) vacate(ctx context.Context) error {
	c.leaving = true
	c.field.leave(c.id)
	c.all()
	for _, p := range c.posts {
		if p.hurry != nil {
			defer time.AfterFunc(c.slow, p.hurry).Stop()
		}
	}
	defer c.changes.Close()
	defer c.members.Close()
	return c.loop(ctx, func() bool {
		if c.stand.phase == phaseLost || c.stand.joined == 0 {
			return c.out == 0 && !c.any(func(p *post) bool { return p.held })
		}
		return c.ready() && len(c.dirty) == 0 && c.out == 0 && !c.any(func(p *post) bool { return p.held || p.busy }) &&
			len(c.picture.ownedBy(c.stand.self)) == 0
	})
}

// any reports whether one of the posts is so.
func (c *custody) any(is func(*post) bool) bool {
	for _, p := range c.posts {
		if is(p) {
			return true
		}
	}
	return false
}

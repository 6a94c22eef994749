package cluster

import (
	"context"
	"log/slog"
	"maps"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// custodyRetry is after how long what the Host or the hub refused is tried again, and what
	// nothing is known of is looked at again.
	custodyRetry = 500 * time.Millisecond
	// claimStep and claimLimit are how long a gateway leaves a free bus to those before it.
	claimStep  = 100 * time.Millisecond
	claimLimit = 2 * time.Second
	// hostCalls bounds the buses that the Host puts down at one time.
	hostCalls = 512
)

// custody makes this gateway serve the buses that it should: it claims what is free, hands what it
// owns to the Host, hands over what others should own, and takes back what it does not own any
// more.
//
// It acts on the picture alone. A bus is given to the Host when the claim comes back through the
// picture: then nothing that was written before the claim can be missing from it. It is given to
// another gateway when the Host has put it down.
//
// One goroutine runs it, and waits neither for the Host's devices nor for the hub: what takes time
// is done beside it, one thing at a time for each bus, and comes back as a result.
type custody struct {
	life    context.Context // of what goes on beside it: longer than run's
	id      string
	labels  map[string]string
	names   Subjects
	picture *Picture
	host    Host
	desk    *desk
	keeper  *keeper
	edge    *Edge // nil: there is none
	service *serviceClock
	clock   boottime.Clock
	report  func(*roostv1.Event)
	log     *slog.Logger

	writer  *ownerWriter
	written chan []*write  // from the writer
	ended   chan withdrawn // from withdrawals
	calls   chan struct{}  // one token for each withdrawal that the Host works on

	stand   standing
	acting  bool // the Host was told that it may act
	field   field
	posts   map[string]*post
	changes *Changes // of buses and profiles
	members *Changes
	dirty   map[string]bool             // buses to be looked at
	later   map[string]boottime.Instant // buses to be looked at then
	soon    boottime.Instant            // not after the first of them
	moves   moves
	silent  map[string]bool // buses that stay here only since whoever should own them is silent
	writes  []*write        // to be asked for
	out     int             // withdrawals that have not ended
	leaving bool
	stream  uint64        // which stream the picture was of
	slow    time.Duration // how long a bus may take to be put down when the gateway leaves
	flaws   flaws
}

// post is what is known of a bus beyond the picture.
type post struct {
	held   bool              // the Host was given it
	epoch  uint64            // under which the Host has it
	spent  uint64            // epoch under which it was put down: never to be served under it again, since sequences would begin anew
	stale  bool              // its devices or profiles have changed
	busy   bool              // a withdrawal or a write is on its way
	wrote  uint64            // sequence of the last own write: what is older is out of date
	vacant placement.Vacancy // it is to be had, if it is any
	before string            // whose it was when it was claimed
	taken  boottime.Instant  // when it was taken from a gateway that had ended; 0: it was not

	hurry context.CancelFunc // ends the patience of a withdrawal that is on its way; nil: there is none
}

func newCustody(life context.Context, g *Gateway) (*custody, error) {
	c := &custody{
		life: life, slow: g.config.LeaveTimeout * 6 / 10,
		id: g.config.ID, labels: g.config.Labels, names: g.names, picture: g.picture, host: g.config.Host, desk: g.desk,
		keeper: g.keeper, edge: g.config.Edge, service: g.service, clock: g.clock, report: g.Emit, log: g.log,
		written: make(chan []*write), ended: make(chan withdrawn),
		acting: true, // as far as the Host knows
		posts:  map[string]*post{}, dirty: map[string]bool{}, later: map[string]boottime.Instant{},
		field: newField(g.config.ID, g.config.Lease),
		moves: newMoves(), silent: map[string]bool{}, calls: make(chan struct{}, hostCalls),
		flaws: flaws{names: g.names, picture: g.picture, report: g.Emit, log: g.log, known: map[string]string{}},
	}
	var err error
	if c.writer, err = newOwnerWriter(g.config.Conn, g.names, c.written); err != nil {
		return nil, err
	}
	c.changes = g.picture.Watch(KindBus, KindProfile)
	c.members = g.picture.Watch(KindMember)
	c.stream = g.picture.generation()
	return c, nil
}

// run keeps custody until ctx ends. What is on its way then goes on.
func (c *custody) run(ctx context.Context) {
	_ = c.loop(ctx, func() bool { return false }) // it always ends with ctx
}

// loop settles what is to be settled until ctx ends or done says so.
func (c *custody) loop(ctx context.Context, done func() bool) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.changes.Ready():
			c.note(c.changes.Take())
		case <-c.members.Ready():
		case <-c.keeper.changed:
		case writes := <-c.written:
			c.noteWritten(writes)
		case w := <-c.ended:
			c.noteWithdrawn(w)
			c.noteMoreWithdrawn()
		case <-timer.C:
		}
		c.advance()
		timer.Reset(c.pause())
	}
	return nil
}

// advance does all that can be done now.
func (c *custody) advance() {
	now := c.clock.Now()
	c.follow(now)
	if !c.ready() {
		return
	}
	c.noteMembers(now)
	c.wake(now)
	c.settleAll(now)
	// A bus is settled as the picture has it at that moment, which may be later than the field: then one that
	// was just handed over by a gateway that drains would go straight back to it.
	for c.noteMembers(now) {
		c.settleAll(now)
	}
	c.move(now)
	c.writer.ask(c.writes)
	c.writes = nil
}

// settleAll settles what is to be looked at.
func (c *custody) settleAll(now boottime.Instant) {
	c.field.make(now)
	for bus := range c.dirty {
		delete(c.dirty, bus)
		c.settle(now, bus)
	}
}

// ready reports whether the picture has all that was written before this gateway joined.
func (c *custody) ready() bool {
	return c.stand.joined > 0 && c.stand.phase != phaseLost && c.picture.has(c.stand.joined)
}

// pause is how long there is nothing to do by time alone.
func (c *custody) pause() time.Duration {
	now := c.clock.Now()
	next := now.Add(custodyRetry)
	if !c.ready() {
		return next.Sub(now)
	}
	if len(c.later) > 0 {
		next = min(next, c.soon)
	}
	if at, ok := c.field.settled(now); ok {
		next = min(next, at)
	}
	if c.mayMove() {
		next = min(next, c.moves.pace.Next())
	}
	return max(next.Sub(now), time.Millisecond)
}

// note takes notice of what changed about buses and profiles.
func (c *custody) note(keys []Key) {
	var profiles []string
	for _, key := range keys {
		switch key.Kind {
		case KindBus:
			c.respecified(key.ID)
		case KindProfile:
			profiles = append(profiles, key.ID)
		}
	}
	if len(profiles) > 0 {
		for _, bus := range c.picture.BusesWith(profiles...) {
			c.respecified(bus)
		}
	}
}

// noteMembers takes notice of what changed about gateways, and reports whether all buses are to be
// looked at because of it.
func (c *custody) noteMembers(now boottime.Instant) bool {
	moved, back := false, false
	for _, key := range c.members.Take() {
		changed, heard := c.field.update(now, key.ID, c.picture.sight(key.ID))
		moved, back = moved || changed, back || heard
	}
	c.field.first = true
	if moved {
		c.all()
	}
	if back {
		maps.Copy(c.dirty, c.silent)
		clear(c.silent)
	}
	return moved || back
}

// respecified has a bus looked at, whose owner or devices may have changed.
func (c *custody) respecified(bus string) {
	c.dirty[bus] = true
	if p := c.posts[bus]; p != nil {
		p.stale = true
	}
}

// all has every bus looked at.
func (c *custody) all() {
	for _, bus := range c.picture.BusIDs() {
		c.dirty[bus] = true
	}
}

// wake has those looked at whose time has come.
func (c *custody) wake(now boottime.Instant) {
	if len(c.later) > 0 && !now.Before(c.soon) {
		c.soon = now.Add(time.Hour)
		for bus, at := range c.later {
			if now.Before(at) {
				c.soon = min(c.soon, at)
				continue
			}
			delete(c.later, bus)
			c.dirty[bus] = true
		}
	}
	if c.field.ripe(now) {
		c.all()
	}
}

// lookAt has a bus looked at later.
func (c *custody) lookAt(bus string, at boottime.Instant) {
	if len(c.later) == 0 || at.Before(c.soon) {
		c.soon = at
	}
	c.later[bus] = at
}

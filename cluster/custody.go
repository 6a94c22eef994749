package cluster

import (
	"context"
	"log/slog"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// custodyRetry is after how long what the Host or the hub refused is tried again, and what
	// nothing is known of is looked at again.
	custodyRetry = 500 * time.Millisecond
	// claimStep and claimLimit are how long a gateway leaves a free bus to those before it.
	claimStep  = 250 * time.Millisecond
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
	keeper  *keeper
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
	changes *Changes
	dirty   map[string]bool             // buses to be looked at
	later   map[string]boottime.Instant // buses to be looked at then
	soon    boottime.Instant            // not after the first of them
	moves   moves
	writes  []*write // to be asked for
	out     int      // withdrawals that have not ended
	leaving bool
	stream  uint64        // which stream the picture was of
	slow    time.Duration // how long a bus may take to be put down when the gateway leaves
	flaws   flaws
}

// post is what is known of a bus beyond the picture.
type post struct {
	held   bool             // the Host was given it
	epoch  uint64           // under which the Host has it
	spent  uint64           // epoch under which it was put down: never to be served under it again, since sequences would begin anew
	stale  bool             // its devices or profiles have changed
	busy   bool             // a withdrawal or a write is on its way
	wrote  uint64           // sequence of the last own write: what is older is out of date
	free   boottime.Instant // since when it is to be had; 0: it is not
	before string           // whose it was when it was claimed

	hurry context.CancelFunc // ends the patience of a withdrawal that is on its way; nil: there is none
}

func newCustody(life context.Context, g *Gateway) (*custody, error) {
	c := &custody{
		life: life, slow: g.config.LeaveTimeout * 6 / 10,
		id: g.config.ID, labels: g.config.Labels, names: g.names, picture: g.picture, host: g.config.Host,
		keeper: g.keeper, clock: g.clock, report: g.Emit, log: g.log,
		written: make(chan []*write), ended: make(chan withdrawn),
		acting: true, // as far as the Host knows
		posts:  map[string]*post{}, dirty: map[string]bool{}, later: map[string]boottime.Instant{},
		field: newField(g.config.ID, g.config.Lease.Lease),
		moves: newMoves(), calls: make(chan struct{}, hostCalls),
		flaws: flaws{names: g.names, picture: g.picture, report: g.Emit, log: g.log, known: map[string]string{}},
	}
	var err error
	if c.writer, err = newOwnerWriter(g.config.Conn, g.names, c.written); err != nil {
		return nil, err
	}
	c.changes = g.picture.Watch(KindBus, KindProfile, KindMember)
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
	c.wake(now)
	c.field.make(now)
	for bus := range c.dirty {
		delete(c.dirty, bus)
		c.settle(now, bus)
	}
	c.move(now)
	c.writer.ask(c.writes)
	c.writes = nil
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

// note takes notice of what changed in the picture.
func (c *custody) note(keys []Key) {
	now := c.clock.Now()
	moved := false
	var profiles []string
	for _, key := range keys {
		switch key.Kind {
		case KindBus:
			c.respecified(key.ID)
		case KindProfile:
			profiles = append(profiles, key.ID)
		case KindMember:
			moved = c.field.update(now, key.ID, c.picture.sight(key.ID)) || moved
		}
	}
	if len(profiles) > 0 {
		for _, bus := range c.picture.BusesWith(profiles...) {
			c.respecified(bus)
		}
	}
	c.field.first = true
	if moved {
		c.all()
	}
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

// settle brings a bus to where it should be, as far as that is possible now.
func (c *custody) settle(now boottime.Instant, bus string) {
	p := c.posts[bus]
	if p == nil {
		p = &post{}
	}
	owner, demand := c.picture.Demand(bus)
	if p.busy || owner.Epoch < p.wrote {
		return // it is looked at again when that is over
	}
	p.wrote = 0
	if owner.Epoch > p.spent {
		p.spent = 0
	}
	mine := c.stand.self.owns(owner)
	switch able := demand.Met(c.id, c.labels); {
	case mine && able && !c.leaving:
		c.keep(now, bus, p, owner, demand)
	case mine:
		c.pass(bus, p, owner, demand)
	case p.held && !c.runsOn(demand):
		c.putDown(bus, p, abrupt) // it may be another's already
	case able && !c.leaving:
		c.seek(now, bus, p, owner, demand)
	}
	c.keepPost(bus, p)
}

// keepPost remembers a post as long as there is something to remember.
func (c *custody) keepPost(bus string, p *post) {
	if !c.stand.self.owns(c.picture.Owner(bus)) {
		c.moves.forget(bus)
	}
	if p.idle() {
		delete(c.posts, bus)
		return
	}
	c.posts[bus] = p
}

// idle reports whether there is nothing to remember of a bus.
func (p *post) idle() bool {
	return !p.held && !p.busy && p.spent == 0 && p.wrote == 0 && p.free == 0
}

// runsOn reports whether a bus goes on although this gateway's ownership has ended: nobody else
// can reach it.
func (c *custody) runsOn(d placement.Demand) bool {
	only, attached := d.Attached()
	return attached && only == c.id && !c.leaving
}

// keep serves a bus that is this gateway's, until another one should own it.
func (c *custody) keep(now boottime.Instant, bus string, p *post, owner Owner, demand placement.Demand) {
	p.free = 0
	if owner.Epoch == p.spent {
		c.claim(bus, p, owner) // under a new epoch
		return
	}
	if !p.held || p.epoch != owner.Epoch || p.stale {
		c.serve(now, bus, p, owner)
	}
	c.moves.consider(c.id, bus, c.field.moves.meeting(demand))
}

// serve gives a bus to the Host.
func (c *custody) serve(now boottime.Instant, bus string, p *post, owner Owner) {
	a := c.flaws.assignment(bus, owner.Epoch)
	err := c.host.Assign(c.life, a) // it does not wait for devices
	if p.epoch != owner.Epoch {
		c.tellTakeover(bus, p, owner)
	}
	p.held, p.epoch = true, owner.Epoch // also after an error: what was begun has to be withdrawn
	p.stale = err != nil
	if err != nil {
		c.log.Warn("bus not served", "bus", bus, "epoch", owner.Epoch, "error", err)
		c.lookAt(bus, now.Add(custodyRetry))
	}
}

// pass gives up a bus: to the gateway that should own it, or to nobody.
func (c *custody) pass(bus string, p *post, owner Owner, demand placement.Demand) {
	if p.held {
		c.moves.consider(c.id, bus, c.field.moves.meeting(demand))
		if c.leaving && c.moves.has(bus) {
			return // in its turn
		}
		c.putDown(bus, p, orderly)
		return
	}
	p.busy = true
	c.writes = append(c.writes, c.stand.self.handOver(c.names, bus, owner.Epoch, c.heir(bus, demand)))
}

// heir returns who is to be given a bus; nobody if there is none.
func (c *custody) heir(bus string, demand placement.Demand) self {
	to, ok := c.field.moves.meeting(demand).First(bus)
	if !ok || to == c.id {
		if to, ok = c.field.free.meeting(demand).First(bus); !ok || to == c.id {
			return self{}
		}
	}
	return self{to, c.field.peers[to].incarnation}
}

// seek claims a bus that is to be had.
func (c *custody) seek(now boottime.Instant, bus string, p *post, owner Owner, demand placement.Demand) {
	if !c.isFree(now, bus, owner) {
		p.free = 0
		return
	}
	if p.free == 0 {
		p.free = now
	}
	rank, ok := c.field.free.meeting(demand).Rank(bus, c.id)
	if !ok || c.stand.phase != phaseHolding {
		return
	}
	if at := p.free.Add(placement.ClaimDelay(rank, claimStep, claimLimit)); now.Before(at) {
		c.lookAt(bus, at)
		return
	}
	c.claim(bus, p, owner)
}

// claim asks to make this gateway the owner.
func (c *custody) claim(bus string, p *post, owner Owner) {
	p.busy = true
	if owner.Gateway != "" {
		p.before = owner.Gateway
	}
	c.writes = append(c.writes, c.stand.self.claim(c.names, bus, owner))
}

// isFree reports whether a bus is nobody's, or its owner is certain to have ended.
func (c *custody) isFree(now boottime.Instant, bus string, owner Owner) bool {
	if owner.Gateway == "" {
		return true
	}
	s := c.picture.sight(owner.Gateway)
	switch s.record.Standing(owner.Incarnation, owner.Epoch) {
	case lease.Over:
		return true
	case lease.Unsettled:
		c.keeper.settle(c.life, owner.Gateway)
		c.lookAt(bus, now.Add(custodyRetry))
	default:
		if s.record.Incarnation != owner.Incarnation { // its next renewal will tell
			c.lookAt(bus, now.Add(custodyRetry))
		}
	}
	return false
}

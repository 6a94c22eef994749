package cluster

import (
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
)

// What custody does about one bus.

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
	case p.held && !c.runsOn(demand) && !mutant("no-fence"):
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
	return !p.held && !p.busy && p.spent == 0 && p.wrote == 0 && p.vacant == placement.Vacancy{}
}

// runsOn reports whether a bus goes on although this gateway's ownership has ended: nobody else
// can reach it.
func (c *custody) runsOn(d placement.Demand) bool {
	only, attached := d.Attached()
	return attached && only == c.id && !c.leaving
}

// keep serves a bus that is this gateway's, until another one should own it.
func (c *custody) keep(now boottime.Instant, bus string, p *post, owner Owner, demand placement.Demand) {
	p.vacant = placement.Vacancy{}
	if owner.Epoch == p.spent {
		c.claim(bus, p, owner) // under a new epoch
		return
	}
	if p.held && p.epoch != owner.Epoch && c.edge != nil && c.edge.busy(bus) {
		c.putDown(bus, p, orderly) // what was begun without the hub ends as it was begun, and is recorded
		return
	}
	if !p.held || p.epoch != owner.Epoch || p.stale {
		c.serve(now, bus, p, owner)
	}
	if until := p.taken.Add(c.field.steady); p.taken > 0 && now.Before(until) && !c.stand.draining {
		// Gateways end together, by what they have in common: until a lease is over, whoever should own the bus may be about
		// to be evicted as well.
		c.moves.forget(bus)
		c.lookAt(bus, until)
		return
	}
	c.moves.consider(c.id, bus, c.field.moves.meeting(demand))
}

// serve gives a bus to the Host.
func (c *custody) serve(now boottime.Instant, bus string, p *post, owner Owner) {
	a := c.flaws.assignment(bus, owner.Epoch)
	c.desk.dismissing(a)
	if !p.held {
		failpoint("lease.after-acquire-before-activate", "")
	}
	err := c.host.Assign(c.life, a) // it does not wait for devices
	if p.epoch != owner.Epoch {
		p.taken = 0
		if owner.From == "" && p.before != "" && p.before != c.id {
			p.taken = now
		}
		c.tellTakeover(bus, p, owner)
	}
	p.held, p.epoch = true, owner.Epoch // also after an error: what was begun has to be withdrawn
	p.stale = err != nil
	if err != nil {
		c.log.Warn("bus not served", "bus", bus, "epoch", owner.Epoch, "error", err)
		c.lookAt(bus, now.Add(custodyRetry))
		return
	}
	c.desk.assigned(a)
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

// heir returns who is to be given a bus: whoever should own it, or if that one is silent, the next in rank that is not. Nobody if
// this gateway comes before, or there is none; then any gateway that can have the bus claims it.
func (c *custody) heir(bus string, demand placement.Demand) self {
	now := c.clock.Now()
	steady := c.field.moves.meeting(demand)
	if to, ok := steady.First(bus); ok && to != c.id && !c.field.silent(now, to) {
		return self{to, c.field.peers[to].incarnation}
	}
	for _, to := range c.field.free.meeting(demand).Ranking(bus) {
		if to == c.id {
			break
		}
		if !c.field.silent(now, to) {
			return self{to, c.field.peers[to].incarnation}
		}
	}
	return self{}
}

// seek claims a bus that is to be had.
func (c *custody) seek(now boottime.Instant, bus string, p *post, owner Owner, demand placement.Demand) {
	if !c.isFree(now, bus, owner) && !mutant("claims-the-living") {
		p.vacant = placement.Vacancy{}
		return
	}
	rank, ok := c.field.free.meeting(demand).Rank(bus, c.id)
	if !ok {
		return
	}
	due := p.vacant.Due(now, rank, claimStep, claimLimit) // also while it may not claim: others count from then, too
	if c.stand.phase != phaseHolding || rank > 0 && mutant("claims-the-living") {
		return
	}
	if now.Before(due) {
		c.lookAt(bus, due)
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

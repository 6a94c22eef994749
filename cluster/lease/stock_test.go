package lease_test

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	"github.com/roost-iot/roost/cluster/placement"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// stock is what a process knows and believes of buses.
type stock struct {
	owners   map[string]owner            // by subject, of all buses
	held     map[string]uint64           // buses that it believes to own, with their epochs
	given    map[string]gift             // buses that it is giving away
	free     map[string]boottime.Instant // since when a bus is known to be free
	tried    map[string]boottime.Instant // when a bus was last claimed or given
	presumed map[string]bool             // incarnations taken for dead too early
	going    bool                        // it leaves when nothing is left

	lastRenewed boottime.Instant
}

type gift struct {
	epoch uint64
	to    string // empty: nobody
}

// clear forgets what belongs to an incarnation.
func (s *stock) clear() {
	s.held = map[string]uint64{}
	s.given = map[string]gift{}
	s.free = map[string]boottime.Instant{}
	s.tried = map[string]boottime.Instant{}
	s.presumed = map[string]bool{}
}

// valid reports whether the process believes to own a bus, and that it may act on it.
func (p *process) valid(bus string) bool {
	return !p.dead && p.held[bus] > 0 && p.mayAct(p.clockNow())
}

// learned takes notice of who owns a bus.
func (p *process) learned(bus string, o owner) {
	if o.sequence <= p.owners[bus].sequence {
		return
	}
	p.owners[bus] = o
	mine := o.incarnation == p.incarnation
	if p.w.rules.ownsByName {
		mine = o.gateway == p.plan.Name
	}
	if mine && o.sequence > p.given[bus].epoch {
		p.held[bus] = o.sequence
	} else {
		delete(p.held, bus)
	}
}

// own claims what is free and gives what is to be given.
func (p *process) own(now boottime.Instant) {
	if !p.listed {
		return
	}
	for _, bus := range p.w.plan.Buses {
		if g, ok := p.given[bus]; ok {
			p.give(now, bus, g)
		} else if p.isFree(now, bus) {
			p.claim(now, bus)
		} else {
			delete(p.free, bus)
		}
	}
	if p.going && len(p.given) == 0 {
		p.going = false
		p.perform(p.holder.Leave(now))
	}
}

func (p *process) isFree(now boottime.Instant, bus string) bool {
	o := p.owners[bus]
	if o.gateway == "" || p.presumed[o.incarnation] {
		return true
	}
	if o.incarnation == p.incarnation {
		return false
	}
	r := p.members[o.gateway]
	if p.w.rules.ownsByName {
		return o.gateway != p.plan.Name && r.Standing(r.Incarnation, 0) == lease.Over
	}
	epoch := o.sequence
	if p.w.rules.ageIgnored {
		epoch = 0
	}
	switch r.Standing(o.incarnation, epoch) {
	case lease.Over:
		return true
	case lease.Unsettled:
		if e, ok := p.evictor.Settle(now, o.gateway); ok && !p.w.rules.nobodySettles {
			p.obituary(e, false)
		}
	}
	return false
}

// field is the gateways among which buses are placed, as the picture has it.
func (p *process) field(except string) placement.Field {
	var gateways []placement.Gateway
	for name, r := range p.members {
		if name != except && r.Standing(r.Incarnation, 0) == lease.Stands {
			draining := r.State == roostv1.MemberState_MEMBER_STATE_DRAINING
			gateways = append(gateways, placement.Gateway{ID: name, Draining: draining})
		}
	}
	return placement.NewField(gateways)
}

func (p *process) claim(now boottime.Instant, bus string) {
	rank, ok := p.field("").Rank(bus, p.plan.Name)
	if !ok || p.going || !p.mayAct(now) {
		return
	}
	if _, known := p.free[bus]; !known {
		p.free[bus] = now
	}
	if now.Sub(p.free[bus]) < placement.ClaimDelay(rank, 250*time.Millisecond, 2*time.Second) || !p.pace(now, bus) {
		return
	}
	p.w.tally.Takeovers++
	p.assign(bus, p.owners[bus].sequence, owner{gateway: p.plan.Name, incarnation: p.incarnation})
}

// handOver begins to give a bus away, after it has ceased to act on it.
func (p *process) handOver(bus, to string) {
	if epoch := p.held[bus]; epoch > 0 {
		p.given[bus] = gift{epoch, to}
		if !p.w.rules.givesFirst {
			delete(p.held, bus)
		}
		p.w.tally.HandOvers++
	}
}

func (p *process) give(now boottime.Instant, bus string, g gift) {
	if p.owners[bus].sequence > g.epoch {
		delete(p.given, bus)
		return
	}
	if !p.pace(now, bus) {
		return
	}
	var to owner
	if r := p.members[g.to]; r.Standing(r.Incarnation, 0) == lease.Stands {
		to.gateway, to.incarnation = g.to, r.Incarnation
	}
	expect := g.epoch
	if p.w.rules.deletes {
		expect, to = anything, owner{}
	}
	p.assign(bus, expect, to)
}

// pace lets one write about a bus pass at a time.
func (p *process) pace(now boottime.Instant, bus string) bool {
	if last, ok := p.tried[bus]; ok && now.Sub(last) < 300*time.Millisecond {
		return false
	}
	p.tried[bus] = now
	return true
}

// assign writes the owner of a bus.
func (p *process) assign(bus string, expect uint64, to owner) {
	holder := p.holder
	p.act(func() {
		p.send(func() {
			p.w.hub.write(entry{subject: bus, owner: to}, expect, func(sequence uint64, why lease.Refusal) {
				p.reach(p.link.loss, func() {
					if p.holder == holder && why == 0 {
						p.learned(bus, owner{to.gateway, to.incarnation, sequence})
					}
				})
			})
		})
	})
}

// leave hands everything to whoever is next, and then leaves.
func (p *process) leave() {
	p.going = true
	others := p.field(p.plan.Name)
	for _, bus := range p.w.plan.Buses {
		to, _ := others.First(bus)
		p.handOver(bus, to)
	}
	p.own(p.clockNow())
}

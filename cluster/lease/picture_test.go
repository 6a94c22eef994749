package lease_test

import (
	"strings"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// deliver takes a record from the consumer.
func (p *process) deliver(c *consumer, e *entry) {
	if c != p.consumer {
		return
	}
	now := p.clockNow()
	p.sight.Passed(e.sequence)
	switch {
	case strings.HasPrefix(e.subject, "own."):
		p.learned(e.subject, owner{e.owner.gateway, e.owner.incarnation, e.sequence})
	case strings.HasPrefix(e.subject, "probe."):
		if at, ok := p.probed[e.probe]; ok && e.subject == p.probeSubject() {
			p.evictor.Renewed(now, at)
		}
	default:
		p.member(now, e)
		if e.member.State == roostv1.MemberState_MEMBER_STATE_LIVE {
			return
		}
	}
	p.own(now)
}

func (p *process) member(now boottime.Instant, e *entry) {
	name, r := e.subject[len("member."):], e.record()
	if r.Sequence > p.members[name].Sequence {
		p.members[name] = r
	}
	p.evictor.Saw(now, name, r)
	if name != p.plan.Name {
		return
	}
	if ordered, ok := p.holder.Sent(r.Renewal); ok && r.Incarnation == p.incarnation && !p.w.rules.witnessAcks {
		p.bridge(ordered)
		p.evictor.Renewed(now, ordered)
	}
	p.perform(p.holder.Saw(now, r))
}

// bridge makes the evictor overlook a gap.
func (p *process) bridge(ordered boottime.Instant) {
	if !p.w.rules.gapIgnored || p.lastRenewed == 0 {
		p.lastRenewed = ordered
		return
	}
	step := p.w.rules.terms().Interval()
	for at := p.lastRenewed.Add(step); at.Before(ordered); at = at.Add(step) {
		p.evictor.Renewed(at, at)
	}
	p.lastRenewed = ordered
}

func (p *process) listing(c *consumer) {
	if c == p.consumer {
		p.listed = true
	}
}

// look replaces a consumer that does not deliver.
func (p *process) look(now boottime.Instant) {
	broken := p.consumer == nil || p.consumer.dead
	if p.consumer != nil && p.w.rules.nobodyLooks {
		return
	}
	if p.sight.Blind(now) {
		broken = true
		p.sight.Replaced(now)
	}
	if !broken || p.opening > 0 && now.Sub(p.opening) < time.Second {
		return
	}
	p.opening = now
	p.act(func() { p.send(func() { p.w.hub.open(p) }) })
}

// evict does what the evictor asks for.
func (p *process) evict(now boottime.Instant) {
	if p.w.rules.noWitness {
		p.evictor.Renewed(now, now-1)
	}
	for _, e := range p.evictor.Due(now) {
		if p.w.rules.nobodyEvicts {
			continue
		}
		p.w.laws.evicting(e)
		if p.w.rules.claimEarly {
			p.presumed[e.Incarnation] = true
		}
		p.obituary(e, true)
	}
}

func (p *process) obituary(e lease.Eviction, count bool) {
	record := entry{subject: "member." + e.Gateway, member: lease.Record{
		Incarnation: e.Incarnation, State: roostv1.MemberState_MEMBER_STATE_EVICTED,
	}}
	p.act(func() {
		p.send(func() {
			p.w.hub.write(record, e.Expect, func(sequence uint64, why lease.Refusal) {
				if why == 0 && count {
					p.w.tally.Evictions++
				} else if why == 0 {
					p.w.tally.Settlements++
				}
			})
		})
	})
}

// wait writes probes while another process has the name.
func (p *process) wait(now boottime.Instant) {
	if p.holder.Blocker().Sequence == 0 {
		return
	}
	if last, ok := p.probed[p.probes]; ok && now.Sub(last) < p.w.rules.terms().Interval() {
		return
	}
	p.probes++
	p.probed[p.probes] = now
	e := entry{subject: p.probeSubject(), probe: p.probes}
	p.act(func() {
		p.send(func() { p.w.hub.write(e, anything, func(uint64, lease.Refusal) {}) })
	})
}

func (p *process) probeSubject() string { return "probe." + p.past[0] }

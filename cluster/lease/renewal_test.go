package lease_test

import (
	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
)

// perform does what the holder asks for.
func (p *process) perform(s lease.Step) {
	p.changed(s.Change)
	holder := p.holder
	switch s.Action {
	case lease.WriteRecord:
		if p.w.rules.resigns && p.begun && !p.mayAct(p.clockNow()) {
			return
		}
		p.act(func() { p.renew(holder, s.Write) })
	case lease.ReadRecord:
		p.w.tally.ReadBacks++
		p.act(func() { p.readBack(holder) })
	}
}

func (p *process) changed(c lease.Change) {
	switch c {
	case lease.Blocked:
		p.w.tally.Blocks++
	case lease.Granted:
		p.begun = true
	case lease.Resumed:
		p.w.tally.Resumptions++
	case lease.Departed:
		p.kill()
		if p.w.now >= p.w.plan.Healed {
			p.start()
		}
	case lease.Lost:
		p.w.tally.Losses++
		p.w.laws.lost(p)
		p.begin()
	}
}

func (p *process) renew(holder *lease.Holder, w lease.Write) {
	e := entry{subject: "member." + p.plan.Name, member: lease.Record{
		Incarnation: p.incarnation, Renewal: w.Renewal, State: w.State, Lease: p.w.rules.terms().Lease,
	}}
	if p.holder != holder {
		return
	}
	p.send(func() {
		p.w.hub.write(e, w.Expect, func(sequence uint64, why lease.Refusal) {
			p.reach(p.link.loss, func() {
				if p.holder == holder {
					p.answered(w, sequence, why)
				}
			})
		})
	})
}

func (p *process) answered(w lease.Write, sequence uint64, why lease.Refusal) {
	now := p.clockNow()
	switch {
	case why == 0:
		p.ackFence = now.Add(p.w.rules.terms().Lease)
		p.sight.Acked(now, sequence)
		if p.w.rules.witnessAcks {
			ordered, _ := p.holder.Sent(w.Renewal)
			p.evictor.Renewed(now, ordered)
		}
		p.perform(p.holder.Acked(now, w, sequence))
		return
	case why == lease.InFlight && p.w.rules.busyIsLost:
		p.changed(lease.Lost)
		return
	case why == lease.InFlight:
		p.w.tally.InFlights++
	case why == lease.Mismatch && p.w.rules.mismatchIsLost && w.Expect > 0:
		p.changed(lease.Lost)
		return
	default:
		p.w.tally.Mismatches++
	}
	p.perform(p.holder.Refused(now, w, why))
}

func (p *process) readBack(holder *lease.Holder) {
	p.send(func() {
		e, ok := p.w.hub.read("member." + p.plan.Name)
		if !ok {
			return
		}
		p.reach(p.link.loss, func() {
			if p.holder == holder {
				p.sawOwn(e)
			}
		})
	})
}

func (p *process) sawOwn(e *entry) {
	if e == nil {
		p.perform(p.holder.Saw(p.clockNow(), lease.Record{}))
		return
	}
	if p.w.rules.readExtends && e.member.Incarnation == p.incarnation {
		p.ackFence = p.clockNow().Add(p.w.rules.terms().Lease)
	}
	p.perform(p.holder.Saw(p.clockNow(), e.record()))
}

// record is the entry of a member as the lease sees it.
func (e *entry) record() lease.Record {
	r := e.member
	r.Sequence = e.sequence
	return r
}

// fence is until when the process believes that it may act.
func (p *process) fence() boottime.Instant {
	switch rules := p.w.rules; {
	case rules.noFence && p.holder.Blocker().Sequence == 0:
		return 1 << 62
	case rules.ackCounts:
		return p.ackFence
	case rules.readExtends:
		return max(p.ackFence, p.holder.Fence())
	}
	return p.holder.Fence()
}

func (p *process) mayAct(now boottime.Instant) bool { return now.Before(p.fence()) }

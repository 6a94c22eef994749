package lease_test

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/lease"
)

// process is a gateway: the driver of the machines under test. Between each decision and what it
// does about it there is a moment in which it can be stopped.
type process struct {
	*host
	dead bool

	incarnation string
	holder      *lease.Holder
	evictor     *lease.Evictor
	sight       *lease.Sight

	consumer *consumer
	opening  boottime.Instant // when a consumer was last asked for
	listed   bool
	members  map[string]lease.Record
	probes   uint64
	probed   map[uint64]boottime.Instant
	stock

	begun    bool
	ackFence boottime.Instant // counted as it should not be
}

// period is how often a process looks around when nothing calls for it earlier.
const period = 80 * time.Millisecond

func newProcess(h *host) *process {
	p := &process{host: h, members: map[string]lease.Record{}, probed: map[uint64]boottime.Instant{}}
	p.evictor = must(lease.NewEvictor(h.w.rules.terms()))
	p.sight = must(lease.NewSight(h.w.rules.terms()))
	p.stock.owners = map[string]owner{}
	p.begin()
	return p
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// begin starts a new incarnation.
func (p *process) begin() {
	proven := p.past
	if p.w.rules.noLock {
		for _, other := range p.w.hosts {
			if other.plan.Name == p.plan.Name {
				proven = append(proven[:len(proven):len(proven)], other.past...)
			}
		}
	}
	if !p.w.rules.sameIncarnation || p.incarnation == "" {
		p.incarnation = p.w.incarnation(p.plan.Name)
		p.past = append(p.past, p.incarnation)
	}
	p.holder = must(lease.NewHolder(p.w.rules.terms(), p.incarnation, proven...))
	p.ackFence = 0
	if !p.w.rules.sameIncarnation || p.held == nil {
		p.stock.clear()
	}
}

// run runs one step of the process, now or after a pause.
func (p *process) run(inOrder *time.Duration, step func()) {
	if p.dead {
		return
	}
	if !p.paused {
		step()
		return
	}
	p.inbox = append(p.inbox, func() {
		at := p.w.now + p.w.between(0, 5*time.Millisecond)
		if inOrder != nil {
			at = max(at, *inOrder)
			*inOrder = at
		}
		p.w.at(at, func() { p.run(inOrder, step) })
	})
}

// reach carries something from the hub to the process.
func (p *process) reach(loss float64, f func()) {
	if p.link.cut || p.w.chance(loss) {
		return
	}
	p.w.after(p.link.delay(p.w), func() { p.run(nil, f) })
}

// act does something a moment later, so that the process can be stopped before.
func (p *process) act(f func()) {
	p.w.after(p.w.between(0, 2*time.Millisecond), func() { p.run(nil, f) })
}

func (p *process) clockNow() boottime.Instant { return p.clock.read(p.w.now) }

func (p *process) tick() {
	now := p.clockNow()
	p.perform(p.holder.Tick(now))
	p.evict(now)
	p.look(now)
	p.wait(now)
	p.own(now)

	next := now.Add(period)
	if at, ok := p.holder.Next(); ok {
		next = min(next, at)
	}
	if at, ok := p.evictor.Next(now); ok {
		next = min(next, at)
	}
	pause := time.Duration(float64(max(next.Sub(now), 0))/p.clock.rate) + p.w.between(0, 2*time.Millisecond)
	p.w.after(pause, func() { p.run(nil, p.tick) })
}

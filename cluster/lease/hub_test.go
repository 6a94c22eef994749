package lease_test

import (
	"maps"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/lease"
)

// hub is one log with compare-and-set by subject, which keeps the last record of each subject.
// What it accepts takes a moment until it is committed, one record after the other; a second write
// on the subject is refused with InFlight meanwhile.
type hub struct {
	w         *world
	log       []*entry // in the order of their sequences, from 1
	last      map[string]*entry
	flying    map[string]entry
	consumers []*consumer
	free      time.Duration // when all that was accepted is committed

	up    bool          // it serves
	since time.Duration // since when, if it does
	term  int           // grows when it stops serving
}

// entry is a record in the log.
type entry struct {
	subject  string
	sequence uint64
	at       time.Duration // true time of the commit
	before   *entry        // on the subject

	member lease.Record // of a member, without its sequence
	owner  owner        // of a bus, without its sequence
	probe  uint64       // of a process that waits for its name
}

// owner is who owns a bus.
type owner struct {
	gateway, incarnation string
	sequence             uint64
}

// anything is the expectation of a write that has none.
const anything = ^uint64(0)

func newHub(w *world) *hub {
	return &hub{w: w, last: map[string]*entry{}, flying: map[string]entry{}, up: true}
}

// write takes a conditional write; answer is called with a sequence, or with the reason of a
// refusal, or never.
func (h *hub) write(e entry, expect uint64, answer func(sequence uint64, why lease.Refusal)) {
	if h.w.rules.noCAS {
		expect = anything
	}
	switch {
	case !h.up:
		return
	case h.busy(e.subject):
		answer(0, lease.InFlight)
		return
	case expect != anything && expect != h.sequence(e.subject):
		answer(0, lease.Mismatch)
		return
	}
	h.flying[e.subject] = e
	term := h.term
	takes := h.w.between(0, 10*time.Millisecond)
	if h.w.plan.Slow && h.w.chance(0.05) {
		takes = h.w.between(0, 900*time.Millisecond)
	}
	h.free = max(h.free, h.w.now+takes)
	h.w.at(h.free, func() {
		if term != h.term {
			return // see goAway
		}
		answer(h.commit(e), 0)
	})
}

func (h *hub) commit(e entry) uint64 {
	e.before, e.at = h.last[e.subject], h.w.now
	e.sequence = uint64(len(h.log) + 1)
	h.log = append(h.log, &e)
	h.last[e.subject] = &e
	delete(h.flying, e.subject)
	for _, c := range h.consumers {
		c.flush()
	}
	return e.sequence
}

func (h *hub) busy(subject string) bool {
	_, busy := h.flying[subject]
	return busy
}

func (h *hub) sequence(subject string) uint64 {
	if e := h.last[subject]; e != nil {
		return e.sequence
	}
	return 0
}

// read returns the last record of a subject, or one of those before, as a leader does that
// does not know yet that it was replaced.
func (h *hub) read(subject string) (e *entry, ok bool) {
	e = h.last[subject]
	for e != nil && h.w.chance(0.1) {
		e = e.before
	}
	return e, h.up
}

// goAway makes the hub stop serving. What was on its way is lost, or comes to be without an
// answer. The consumers are gone, or in an election stand still for some time beyond it.
func (h *hub) goAway(election bool) {
	if !h.up {
		return
	}
	h.up = false
	h.term++
	for _, subject := range slices.Sorted(maps.Keys(h.flying)) {
		if e := h.flying[subject]; h.w.chance(0.5) {
			h.commit(e)
		}
	}
	h.flying, h.free = map[string]entry{}, 0
	for _, c := range h.consumers {
		c.dead = c.dead || !election
		c.stall(h.w.between(0, 6*time.Second))
	}
}

// comeBack makes it serve again.
func (h *hub) comeBack() {
	if h.up {
		return
	}
	h.up, h.since = true, h.w.now
	for _, c := range h.consumers {
		c.flush()
	}
}

// consumer delivers the log to a process in order: at first the last record of each subject, then
// what comes. A record that was replaced before it was its turn is left out.
type consumer struct {
	hub     *hub
	to      *process
	cursor  uint64
	end     uint64 // of the listing
	listed  bool
	blind   time.Duration // it stands still until then
	dead    bool
	arrival time.Duration // of the last delivery
}

func (h *hub) open(p *process) {
	if !h.up {
		return
	}
	if p.consumer != nil {
		p.consumer.close()
	}
	p.consumer = &consumer{hub: h, to: p, end: uint64(len(h.log))}
	h.consumers = append(h.consumers, p.consumer)
	p.consumer.flush()
}

// stall makes the consumer stand still.
func (c *consumer) stall(d time.Duration) {
	c.blind = c.hub.w.now + d
	c.hub.w.at(c.blind, c.flush)
}

func (c *consumer) flush() {
	w := c.hub.w
	if c.dead || c.to.dead || !c.hub.up || w.now < c.blind {
		return
	}
	for c.cursor < uint64(len(c.hub.log)) {
		e := c.hub.log[c.cursor]
		c.cursor++
		if c.hub.last[e.subject] == e {
			c.deliver(func() { c.to.deliver(c, e) })
		}
		if c.cursor >= c.end {
			c.complete()
		}
	}
	if c.end == 0 {
		c.complete()
	}
}

func (c *consumer) complete() {
	if !c.listed {
		c.listed = true
		c.deliver(func() { c.to.listing(c) })
	}
}

func (c *consumer) deliver(f func()) {
	link := c.to.host.link
	if link.cut {
		c.dead = true
		return
	}
	w := c.hub.w
	c.arrival = max(c.arrival+w.between(0, 10*time.Millisecond), w.now+link.delay(w))
	w.at(c.arrival, func() {
		if !c.dead {
			c.to.run(&c.to.host.inOrder, f)
		}
	})
}

// close ends a consumer; what is on its way is not delivered.
func (c *consumer) close() {
	c.dead = true
	c.hub.consumers = slices.DeleteFunc(c.hub.consumers, func(other *consumer) bool { return other == c })
}

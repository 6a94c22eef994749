package lease_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"time"
)

// world is a simulation of a fleet: hosts with clocks of their own, processes that can be stopped at
// any point, links that lose, delay and double, and a hub that can be away. It has a true time
// that nobody in it knows. One seed gives one history.
type world struct {
	plan  plan
	rules rules
	laws  laws
	dice  *rand.Rand

	now    time.Duration // true time
	events eventQueue
	count  uint64

	hub    *hub
	hosts  []*host
	serial int // of incarnations
	tally  tally
}

// tally counts what happened, so that a run that tried nothing is noticed.
type tally struct {
	Evictions, Losses, Resumptions, Takeovers, HandOvers, Blocks, Settlements, Mismatches, InFlights, ReadBacks int
}

type event struct {
	at    time.Duration
	order uint64
	do    func()
}

func newWorld(p plan, r rules) *world {
	w := &world{plan: p, rules: r, dice: rand.New(rand.NewPCG(p.Seed, 0))}
	w.hub = newHub(w)
	w.laws = newLaws(w)
	for _, hp := range p.Hosts {
		w.hosts = append(w.hosts, newHost(w, hp))
	}
	for i, h := range w.hosts {
		if h.plan.Late == 0 {
			w.after(time.Duration(i)*37*time.Millisecond, h.start)
		} else {
			w.at(h.plan.Late, h.start)
		}
	}
	for _, f := range p.Faults {
		w.at(f.At, func() { f.strike(w) })
	}
	w.at(p.Healed, w.heal)
	return w
}

// run lets the world go on until a law is broken or the plan is at its end, and returns what was broken.
func (w *world) run() *violation {
	for len(w.events) > 0 && w.events[0].at < w.plan.End && w.laws.broken == nil {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.do()
		w.laws.check()
	}
	w.now = w.plan.End
	return w.laws.broken
}

// heal ends all faults.
func (w *world) heal() {
	w.hub.comeBack()
	for _, h := range w.hosts {
		h.link = cleanLink
		h.resume()
		if h.process == nil || h.process.dead {
			h.start()
		}
	}
}

func (w *world) at(t time.Duration, do func()) {
	w.count++
	heap.Push(&w.events, event{max(t, w.now), w.count, do})
}

func (w *world) after(d time.Duration, do func()) { w.at(w.now+d, do) }

// chance is true with probability p.
func (w *world) chance(p float64) bool { return p > 0 && w.dice.Float64() < p }

// between draws a duration.
func (w *world) between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(w.dice.Int64N(int64(high-low)))
}

func (w *world) incarnation(name string) string {
	w.serial++
	return fmt.Sprintf("%s#%d", name, w.serial)
}

// host returns a host by its place in the plan.
func (w *world) host(i int) *host { return w.hosts[i%len(w.hosts)] }

type eventQueue []event

func (q eventQueue) Len() int      { return len(q) }
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(e any)   { *q = append(*q, e.(event)) }
func (q eventQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = event{}
	*q = (*q)[:last]
	return e
}

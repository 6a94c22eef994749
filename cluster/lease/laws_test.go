package lease_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/roost-iot/roost/cluster/lease"
)

// laws are what must hold in every world.
type laws struct {
	w      *world
	broken *violation
	only   string // the one law that counts; empty: all
	next   time.Duration
	served map[string]time.Duration // when a bus was last seen served

	disturbed time.Duration // when there was last nobody who could evict
	lagged    bool          // somebody was so far from the hub that it could renew, but not act
}

type violation struct {
	Law  string
	At   time.Duration
	Text string
}

func (v *violation) String() string { return fmt.Sprintf("%s at %v: %s", v.Law, v.At, v.Text) }

const (
	// exclusive: at no true time do two processes believe that they may act on one bus.
	exclusive = "exclusive"
	// fair: a gateway to which nothing happens loses nothing and nobody tries to evict it, whatever
	// happens to the hub.
	fair = "fair"
	// resumed: once the hub is there again, such a gateway soon may act again.
	resumed = "resumed"
	// evicted: a gateway that is gone is evicted in time, once the hub is there.
	evicted = "evicted"
	// servedInTime: a bus is served again in time, as long as messages are faster than a lease.
	servedInTime = "served"
	// settled: in the end all is well.
	settled = "settled"
)

const (
	// resumption is how long after the hub is back a suspension lasts at most.
	resumption = 2500 * time.Millisecond
	// eviction is how long after its last record a gateway is evicted at most, by true time, when the hub
	// was there all the while: a lease and a margin on the slowest clock, and two messages.
	eviction = 3200 * time.Millisecond
	// recovery is how long after the hub is back pictures are up to date again, and gateways have
	// renewed for a lease.
	recovery = 6 * time.Second
	// takeover is how long a bus may be free, if the first in rank may have died as well.
	takeover = 3 * time.Second
)

func newLaws(w *world) laws {
	return laws{w: w, only: w.rules.law, served: map[string]time.Duration{}}
}

func (l *laws) breach(law, format string, args ...any) {
	if l.broken == nil && (l.only == "" || l.only == law) {
		l.broken = &violation{law, l.w.now, fmt.Sprintf(format, args...)}
	}
}

// check looks at the world after each event.
func (l *laws) check() {
	for _, bus := range l.w.plan.Buses {
		l.exclusive(bus)
	}
	if l.w.now < l.next {
		return
	}
	l.next = l.w.now + 100*time.Millisecond
	if !l.steady() {
		l.disturbed = l.w.now
	}
	for _, h := range l.w.hosts {
		l.lagged = l.lagged || h.link.slow > 0
	}
	for _, h := range l.w.hosts {
		l.resumed(h)
		l.evicted(h)
	}
	for _, bus := range l.w.plan.Buses {
		l.inTime(bus)
	}
	if l.w.now >= l.w.plan.End-200*time.Millisecond {
		l.settled()
	}
}

// hubFor is for how long the hub has been there.
func (l *laws) hubFor() time.Duration {
	if !l.w.hub.up {
		return 0
	}
	return l.w.now - l.w.hub.since
}

// steadyFor is for how long there has been someone who can evict: a gateway to which nothing
// happens, with a picture that does not stand still.
func (l *laws) steadyFor() time.Duration { return l.w.now - max(l.disturbed, l.w.hub.since) }

func (l *laws) steady() bool {
	first := l.w.hosts[0]
	if !first.clean() || first.process == nil || l.w.plan.Slow || !l.w.hub.up {
		return false
	}
	c := first.process.consumer
	return c != nil && !c.dead && c.blind <= l.w.now
}

func (l *laws) exclusive(bus string) {
	var first *process
	for _, h := range l.w.hosts {
		switch p := h.process; {
		case p == nil || !p.valid(bus):
		case first != nil:
			l.breach(exclusive, "%s belongs to %s with epoch %d and to %s with epoch %d",
				bus, first.incarnation, first.held[bus], p.incarnation, p.held[bus])
		default:
			first = p
		}
	}
	if first != nil {
		l.served[bus] = l.w.now
	}
}

// lost is told when a process loses its lease.
func (l *laws) lost(p *process) {
	if p.clean() {
		l.breach(fair, "%s lost its lease", p.incarnation)
	}
}

// evicting is told when a process is about to evict another.
func (l *laws) evicting(e lease.Eviction) {
	for _, h := range l.w.hosts {
		if h.clean() && h.process != nil && h.process.incarnation == e.Incarnation {
			l.breach(fair, "somebody tries to evict %s", e.Incarnation)
		}
	}
}

func (l *laws) resumed(h *host) {
	if h.clean() && !l.w.plan.Slow && l.hubFor() > resumption && l.w.now > resumption && !h.process.mayAct(h.process.clockNow()) {
		l.breach(resumed, "%s is suspended", h.process.incarnation)
	}
}

func (l *laws) evicted(h *host) {
	if h.since < 0 || h.process == nil || l.steadyFor() < recovery {
		return
	}
	last := l.w.hub.last["member."+h.plan.Name]
	if last == nil || last.member.Incarnation != h.process.incarnation {
		return
	}
	r := last.record()
	gone := l.w.now - max(h.since, last.at)
	if r.Standing(r.Incarnation, 0) == lease.Stands && gone > eviction {
		l.breach(evicted, "%s is gone for %v", r.Incarnation, gone)
	}
}

func (l *laws) inTime(bus string) {
	if l.w.plan.Rough || l.lagged || l.steadyFor() < recovery+eviction+takeover {
		return
	}
	if unserved := l.w.now - l.served[bus]; unserved > eviction+takeover {
		l.breach(servedInTime, "%s is not served for %v", bus, unserved)
	}
}

func (l *laws) settled() {
	for _, bus := range l.w.plan.Buses {
		if l.w.now-l.served[bus] > time.Second {
			l.breach(settled, "%s is not served; %s", bus, l.describe(bus))
		}
	}
}

// describe tells what everybody thinks of a bus.
func (l *laws) describe(bus string) string {
	var b strings.Builder
	if e := l.w.hub.last[bus]; e != nil {
		fmt.Fprintf(&b, "%q has it at %d", e.owner.incarnation, e.sequence)
	}
	for _, h := range l.w.hosts {
		if p := h.process; p != nil {
			fmt.Fprintf(&b, "; %s dead=%v held=%v given=%v fence=%v now=%v knows=%+v",
				p.incarnation, p.dead, p.held, p.given, p.fence(), p.clockNow(), p.owners[bus])
		}
	}
	return b.String()
}

// TestLaws plays random plans with random dice. Nothing may be broken, and everything must have happened.
func TestLaws(t *testing.T) {
	var sum tally
	worlds := 0
	rapid.Check(t, func(t *rapid.T) {
		p := plans().Draw(t, "plan")
		for range 5 {
			w := newWorld(p, rules{})
			if v := w.run(); v != nil {
				t.Fatalf("dice %d: %v", p.Seed, v)
			}
			sum.add(w.tally)
			worlds++
			p.Seed++
		}
	})
	t.Logf("%d worlds: %+v", worlds, sum)
	least := min(sum.Evictions, sum.Losses, sum.Resumptions, sum.Takeovers, sum.HandOvers, sum.Blocks,
		sum.Mismatches, sum.InFlights, sum.ReadBacks)
	if worlds >= 500 && least == 0 {
		t.Errorf("something was never tried: %+v", sum)
	}
}

func (t *tally) add(o tally) {
	t.Evictions += o.Evictions
	t.Losses += o.Losses
	t.Resumptions += o.Resumptions
	t.Takeovers += o.Takeovers
	t.HandOvers += o.HandOvers
	t.Blocks += o.Blocks
	t.Settlements += o.Settlements
	t.Mismatches += o.Mismatches
	t.InFlights += o.InFlights
	t.ReadBacks += o.ReadBacks
}

package cluster

import (
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/placement"
)

const (
	// A gateway that joins gets its share over spread: soon, but not so fast that many devices
	// change hands in one moment. One that drains is emptied faster.
	spread, drainSpread = 5 * time.Second, 1500 * time.Millisecond
	// slowest is the longest time between two moves.
	slowest = 100 * time.Millisecond
	// moveBurst is how many buses may be put down at once after a pause, drainBurst the same for
	// a gateway that drains or leaves.
	moveBurst, drainBurst = 4, 32
)

// moves are the buses that this gateway owns and others should, and how fast they go.
type moves struct {
	unfit  map[string]bool // this gateway cannot own them any more: they go first
	better map[string]bool // others should
	pace   placement.Pace
	peak   int // the most that there were since there were none
	over   time.Duration
}

func newMoves() moves { return moves{unfit: map[string]bool{}, better: map[string]bool{}} }

// consider notes a bus that another gateway should own, or that it is to stay.
func (m *moves) consider(owner, bus string, field placement.Field) {
	m.forget(bus)
	owned := func(yield func(string, placement.Field) bool) { yield(bus, field) }
	for _, move := range placement.Moves(owner, owned) {
		if move.Unfit {
			m.unfit[bus] = true
		} else {
			m.better[bus] = true
		}
	}
}

func (m *moves) forget(bus string) {
	delete(m.unfit, bus)
	delete(m.better, bus)
}

func (m *moves) has(bus string) bool { return m.unfit[bus] || m.better[bus] }

func (m *moves) count() int { return len(m.unfit) + len(m.better) }

// take takes as many as the pace allows now.
func (m *moves) take(now boottime.Instant) []string {
	free := m.pace.Take(now, m.count())
	var taken []string
	for _, from := range []map[string]bool{m.unfit, m.better} {
		for bus := range from {
			if len(taken) == free {
				return taken
			}
			delete(from, bus)
			taken = append(taken, bus)
		}
	}
	return taken
}

// set sets the pace at which as many as there are go over that time.
func (m *moves) set(over time.Duration, burst int) {
	n := m.count()
	if n == 0 {
		m.peak = 0
		return
	}
	if n <= m.peak && m.over == over {
		return
	}
	m.peak, m.over = n, over
	m.pace.Every = min(over/time.Duration(m.peak), slowest)
	m.pace.Burst = max(burst, int(float64(5*time.Millisecond)/float64(max(m.pace.Every, 1)))) // a timer is not finer
}

// move begins as many hand-overs as the pace allows: the Host puts the bus down, and then it is
// written who owns it.
func (c *custody) move(now boottime.Instant) {
	over, burst := spread, moveBurst
	if c.leaving || c.stand.draining {
		over, burst = drainSpread, drainBurst
	}
	c.moves.set(over, burst)
	if !c.mayMove() {
		return
	}
	for _, bus := range c.moves.take(now) {
		switch p := c.posts[bus]; {
		case p == nil || !p.held || p.busy:
		case c.heirIsSilent(now, bus):
			c.silent[bus] = true
		default:
			c.putDown(bus, p, orderly)
		}
	}
}

// heirIsSilent reports whether a bus stays, since the gateway that should own it in this one's place has not been heard for
// long. It is considered again when that one is heard, or is gone.
func (c *custody) heirIsSilent(now boottime.Instant, bus string) bool {
	_, demand := c.picture.Demand(bus)
	field := c.field.moves.meeting(demand)
	to, ok := field.First(bus)
	_, fit := field.Rank(bus, c.id)
	return ok && fit && c.field.silent(now, to)
}

// mayMove reports whether buses may be handed over now.
func (c *custody) mayMove() bool {
	return c.moves.count() > 0 && (c.stand.phase == phaseHolding || c.leaving)
}

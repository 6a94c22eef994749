package cluster

import (
	"maps"
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
	of   map[string]placement.Field // who could own each
	pace placement.Pace
	peak int // the most that there were since there were none
	over time.Duration
}

// consider notes a bus, or that it is to stay.
func (m *moves) consider(owner, bus string, field placement.Field) {
	if to, ok := field.First(bus); ok && to != owner {
		m.of[bus] = field
		return
	}
	m.forget(bus)
}

func (m *moves) forget(bus string) { delete(m.of, bus) }

func (m *moves) has(bus string) bool {
	_, ok := m.of[bus]
	return ok
}

func (m *moves) any() bool { return len(m.of) > 0 }

// set sets the pace at which as many as there are go over that time.
func (m *moves) set(over time.Duration, burst int) {
	if !m.any() {
		m.peak = 0
		return
	}
	if len(m.of) <= m.peak && m.over == over {
		return
	}
	m.peak, m.over = len(m.of), over
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
	if !c.moves.any() || c.stand.phase != phaseHolding && !c.leaving {
		return
	}
	list := placement.Moves(c.id, maps.All(c.moves.of))
	for _, move := range list[:c.moves.pace.Take(now, len(list))] {
		c.moves.forget(move.Bus)
		if p := c.posts[move.Bus]; p != nil && p.held && !p.busy {
			c.putDown(move.Bus, p)
		}
	}
}

package placement

import (
	"iter"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
)

// Move is a hand-over that an owner should make.
type Move struct {
	// Bus that is handed over.
	Bus string
	// To is the gateway that should own it.
	To string
	// Unfit says that the present owner is not in the bus's field any more: it is draining, or
	// lacks a label, so that the bus should go before others.
	Unfit bool
}

// Moves returns what an owner should hand over, of the buses that it owns, each with the field of those
// that could own it: the unfit ones first, else in the order given. A bus whose field
// is empty stays where it is.
//
// A gateway that has just joined, and may be gone again at once, is left out of the fields until it has
// proven steady: whoever would be first but for it keeps the bus meanwhile.
func Moves(owner string, owned iter.Seq2[string, Field]) []Move {
	var unfit, better []Move
	for bus, field := range owned {
		to, ok := field.First(bus)
		if !ok || to == owner {
			continue
		}
		if _, fit := field.find(owner); fit {
			better = append(better, Move{Bus: bus, To: to})
		} else {
			unfit = append(unfit, Move{Bus: bus, To: to, Unfit: true})
		}
	}
	return append(unfit, better...)
}

// Pace limits how fast an owner hands over: in any span of time of length t it lets begin at most
// Burst + t/Every moves. One goroutine at a time uses it.
//
// It is the generic cell rate algorithm: one instant says all. An owner that has to be done within some
// time sets Every to that time divided by the number of its buses, and sets it anew when
// that changes much.
type Pace struct {
	// Every is the time for one move in the long run; 0 or less: no limit.
	Every time.Duration
	// Burst is how many may begin at once after a pause; less than 1 is 1.
	Burst int

	paid boottime.Instant // until when moves are paid for
}

// Take lets as many of n moves begin now as the pace allows, and returns how many.
func (p *Pace) Take(now boottime.Instant, n int) int {
	if p.Every <= 0 || n <= 0 {
		return max(n, 0)
	}
	p.paid = max(p.paid, now)
	// What is paid for may reach into the future by a burst less the move that is taken now.
	free := now.Add(time.Duration(max(p.Burst, 1)) * p.Every).Sub(p.paid)
	taken := min(n, max(int(free/p.Every), 0))
	p.paid = p.paid.Add(time.Duration(taken) * p.Every)
	return taken
}

// Next is when Take lets the next move begin.
func (p *Pace) Next() boottime.Instant {
	return p.paid.Add(-time.Duration(max(p.Burst, 1)-1) * max(p.Every, 0))
}

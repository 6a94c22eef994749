package placement

import (
	"cmp"
	"slices"
)

// Gateway is a gateway that could be given buses.
type Gateway struct {
	// ID of the gateway.
	ID string
	// Labels that demands are compared with.
	Labels map[string]string
	// Weight is its share relative to others; 0 is 1.
	Weight uint32
	// Draining gateways hand over what they have, and are given nothing.
	Draining bool
}

// Field is a set of gateways among which buses are placed. It does not change, and may be used
// concurrently. The zero Field is empty.
type Field struct {
	gateways []runner // in the order of their ids
	even     bool     // all weights are the same
}

type runner struct {
	Gateway
	hash uint64
}

// NewField returns the field of these gateways, without those that are draining. Their order does not
// matter; of two with one id the first one counts.
func NewField(gateways []Gateway) Field {
	runners := make([]runner, 0, len(gateways))
	for _, g := range gateways {
		if !g.Draining {
			g.Weight = max(g.Weight, 1)
			runners = append(runners, runner{g, hashOf(g.ID)})
		}
	}
	slices.SortStableFunc(runners, func(a, b runner) int { return cmp.Compare(a.ID, b.ID) })
	return fieldOf(slices.CompactFunc(runners, func(a, b runner) bool { return a.ID == b.ID }))
}

func fieldOf(runners []runner) Field {
	f := Field{gateways: runners, even: true}
	for _, r := range runners {
		f.even = f.even && r.Weight == runners[0].Weight
	}
	return f
}

// Eligible returns the part of the field that meets a demand. With many buses it is made once for each
// demand, not for each bus.
func (f Field) Eligible(d Demand) Field {
	runners := make([]runner, 0, len(f.gateways))
	for _, r := range f.gateways {
		if d.Met(r.ID, r.Labels) {
			runners = append(runners, r)
		}
	}
	return fieldOf(runners)
}

// Size is the number of gateways in the field.
func (f Field) Size() int { return len(f.gateways) }

// First returns who should own a bus; false if nobody can.
func (f Field) First(bus string) (gateway string, ok bool) {
	if len(f.gateways) == 0 {
		return "", false
	}
	key := hashOf(bus)
	best, first := f.finish(key, 0), 0
	for i := 1; i < len(f.gateways); i++ {
		if f.slower(key, i, best.time) {
			continue // most are, and it is quickly seen
		}
		if t := f.finish(key, i); t.before(best) {
			best, first = t, i
		}
	}
	return f.gateways[first].ID, true
}

// Rank returns the place of a gateway among those that could own a bus, from 0; false if it
// could not.
func (f Field) Rank(bus, gateway string) (rank int, ok bool) {
	i, ok := f.find(gateway)
	if !ok {
		return 0, false
	}
	key := hashOf(bus)
	own := f.finish(key, i)
	for other := range f.gateways {
		if other != i && f.finish(key, other).before(own) {
			rank++
		}
	}
	return rank, true
}

// Ranking returns all who could own a bus, the first in rank first.
func (f Field) Ranking(bus string) []string {
	key := hashOf(bus)
	order := make([]int, len(f.gateways))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return f.finish(key, a).compare(f.finish(key, b)) })
	ids := make([]string, len(order))
	for rank, i := range order {
		ids[rank] = f.gateways[i].ID
	}
	return ids
}

// Share is the part of the buses that a gateway should own if it is eligible for all.
func (f Field) Share(gateway string) float64 {
	i, ok := f.find(gateway)
	if !ok {
		return 0
	}
	var all float64
	for _, r := range f.gateways {
		all += float64(r.Weight)
	}
	return float64(f.gateways[i].Weight) / all
}

func (f Field) find(gateway string) (int, bool) {
	return slices.BinarySearchFunc(f.gateways, gateway, func(r runner, id string) int { return cmp.Compare(r.ID, id) })
}

// A finish is how a gateway ends in the race for a bus: the smallest time wins.
//
// A gateway of weight w runs for an exponentially distributed time with rate w, which it draws from
// the hash of the two: it wins with probability w / sum of all weights, and whoever joins or
// leaves changes nobody else's time. It is the same as the largest -w/ln(u).
type finish struct {
	time uint64
	hash uint64 // breaks ties of the time, so that with even weights it decides alone
	id   int    // breaks ties of both
}

func (f Field) finish(key uint64, i int) finish {
	r := &f.gateways[i]
	t := finish{hash: mix(key ^ r.hash), id: i}
	if !f.even {
		t.time = wait(t.hash) << spare / uint64(r.Weight)
	}
	return t
}

// slower reports whether a gateway's time is certain to be longer, if that is easy to say.
func (f Field) slower(key uint64, i int, than uint64) bool {
	r := &f.gateways[i]
	return !f.even && waitAtLeast(mix(key^r.hash))<<spare/uint64(r.Weight) > than
}

// spare is by how many bits the longest wait, 64, can be shifted.
const spare = 63 - fraction - 6

func (t finish) before(other finish) bool { return t.compare(other) < 0 }

func (t finish) compare(other finish) int {
	switch {
	case t.time != other.time:
		return cmp.Compare(t.time, other.time)
	case t.hash != other.hash:
		return cmp.Compare(other.hash, t.hash)
	}
	return cmp.Compare(t.id, other.id)
}

package check

import (
	"cmp"
	"slices"
)

// interval is the sequences from to up to, but not including, to.
type interval struct{ from, to uint64 }

// intervals are sequences of one device under one epoch. After normal they are in order and not adjacent.
type intervals []interval

// normal sorts and joins them.
func (s intervals) normal() intervals {
	slices.SortFunc(s, func(a, b interval) int { return cmp.Compare(a.from, b.from) })
	joined := s[:0]
	for _, i := range s {
		switch last := len(joined) - 1; {
		case i.from >= i.to:
		case last >= 0 && i.from <= joined[last].to:
			joined[last].to = max(joined[last].to, i.to)
		default:
			joined = append(joined, i)
		}
	}
	return joined
}

// without returns what is in s and not in other; both are normal.
func (s intervals) without(other intervals) intervals {
	var rest intervals
	k := 0
	for _, i := range s {
		for k < len(other) && other[k].to <= i.from {
			k++
		}
		from := i.from
		for j := k; j < len(other) && other[j].from < i.to; j++ {
			if from < other[j].from {
				rest = append(rest, interval{from, other[j].from})
			}
			from = max(from, other[j].to)
		}
		if from < i.to {
			rest = append(rest, interval{from, i.to})
		}
	}
	return rest
}

// end returns the sequence after the last one.
func (s intervals) end() uint64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].to
}

// size returns how many sequences there are.
func (s intervals) size() int {
	n := uint64(0)
	for _, i := range s {
		n += i.to - i.from
	}
	return int(n)
}

// touches reports whether any of the sequences of i is in s, which is normal.
func (s intervals) touches(i interval) bool {
	k, _ := slices.BinarySearchFunc(s, i.from, func(x interval, from uint64) int {
		if x.to <= from {
			return -1
		}
		return 1
	})
	return k < len(s) && s[k].from < i.to
}

package spool

import "sort"

// ledger is which messages of the stream need no more sending: the hub has them, or they were dropped, and their
// device has a debt. Sequences count from 1. It is pure.
//
// Invariant: spans are in order, not empty and not adjacent.
type ledger struct {
	spans []span
}

// span is the sequences from From up to, but not including, To.
type span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// behind returns the index of the first span that ends behind the sequence.
func (l *ledger) behind(sequence uint64) int {
	return sort.Search(len(l.spans), func(i int) bool { return l.spans[i].To > sequence })
}

func (l *ledger) has(sequence uint64) bool {
	i := l.behind(sequence)
	return i < len(l.spans) && l.spans[i].From <= sequence
}

// next returns the first sequence from the given one on that is not in.
func (l *ledger) next(sequence uint64) uint64 {
	if i := l.behind(sequence); i < len(l.spans) && l.spans[i].From <= sequence {
		return l.spans[i].To
	}
	return sequence
}

// frontier is up to which sequence all are in.
func (l *ledger) frontier() uint64 { return l.next(1) - 1 }

// add puts a span in.
func (l *ledger) add(s span) {
	if s.From >= s.To {
		return
	}
	first := sort.Search(len(l.spans), func(i int) bool { return l.spans[i].To >= s.From })
	last := first
	for last < len(l.spans) && l.spans[last].From <= s.To {
		s.From, s.To = min(s.From, l.spans[last].From), max(s.To, l.spans[last].To)
		last++
	}
	if first == last {
		l.spans = append(l.spans, span{})
		copy(l.spans[first+1:], l.spans[first:])
		l.spans[first] = s
		return
	}
	l.spans[first] = s
	l.spans = append(l.spans[:first+1], l.spans[last:]...)
}

func (l *ledger) addOne(sequence uint64) { l.add(span{sequence, sequence + 1}) }

// largest returns at most n spans: the first one, and the largest of the others. Nothing but work is lost
// with those that are left out.
func (l *ledger) largest(n int) []span {
	all := append([]span(nil), l.spans...)
	if len(all) <= n {
		return all
	}
	rest := all[1:]
	sort.Slice(rest, func(i, j int) bool { return rest[i].To-rest[i].From > rest[j].To-rest[j].From })
	return all[:n]
}

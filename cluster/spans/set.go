// Package spans holds sets of sequences that are mostly one after the other.
package spans

import (
	"cmp"
	"iter"
	"slices"
	"sort"
)

// Span is the sequences from From up to, but not including, To.
type Span struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Len is how many sequences it has.
func (s Span) Len() uint64 { return s.To - min(s.From, s.To) }

// Set is a set of sequences. It takes memory for each span, not for each sequence. The zero value is empty, and for
// use by one goroutine at a time.
//
// Invariant: spans are in order, not empty and not adjacent.
type Set struct {
	spans []Span
}

// Count is how many spans it has.
func (s *Set) Count() int { return len(s.spans) }

// All returns the spans in order.
func (s *Set) All() []Span { return slices.Clone(s.spans) }

// End is the sequence behind the last one; 0 if there is none.
func (s *Set) End() uint64 {
	if len(s.spans) == 0 {
		return 0
	}
	return s.spans[len(s.spans)-1].To
}

// Has reports whether a sequence is in.
func (s *Set) Has(sequence uint64) bool { return s.Next(sequence) != sequence }

// Next returns the first sequence from the given one on that is not in.
func (s *Set) Next(sequence uint64) uint64 {
	if i := s.behind(sequence); i < len(s.spans) && s.spans[i].From <= sequence {
		return s.spans[i].To
	}
	return sequence
}

// behind returns the index of the first span that ends behind the sequence.
func (s *Set) behind(sequence uint64) int {
	return sort.Search(len(s.spans), func(i int) bool { return s.spans[i].To > sequence })
}

// Missing yields what of a span is not in, in order.
func (s *Set) Missing(in Span) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for from := s.Next(in.From); from < in.To; {
			to := in.To
			if i := s.behind(from); i < len(s.spans) {
				to = min(to, s.spans[i].From)
			}
			if !yield(Span{from, to}) {
				return
			}
			from = s.Next(to)
		}
	}
}

// Add puts a span in.
func (s *Set) Add(in Span) {
	if in.From >= in.To {
		return
	}
	first := sort.Search(len(s.spans), func(i int) bool { return s.spans[i].To >= in.From })
	last := first
	for last < len(s.spans) && s.spans[last].From <= in.To {
		in.From, in.To = min(in.From, s.spans[last].From), max(in.To, s.spans[last].To)
		last++
	}
	s.spans = slices.Replace(s.spans, first, last, in)
}

// AddOne puts one sequence in.
func (s *Set) AddOne(sequence uint64) { s.Add(Span{sequence, sequence + 1}) }

// CloseFirst puts in what is missing between the first two spans; false if there is only one.
func (s *Set) CloseFirst() bool {
	if len(s.spans) < 2 {
		return false
	}
	s.Add(Span{s.spans[0].To, s.spans[1].From})
	return true
}

// Largest returns at most n spans: the first one, and the largest of the others.
func (s *Set) Largest(n int) []Span {
	all := s.All()
	if len(all) <= n {
		return all
	}
	slices.SortFunc(all[1:], func(a, b Span) int { return cmp.Compare(b.Len(), a.Len()) })
	return all[:n]
}

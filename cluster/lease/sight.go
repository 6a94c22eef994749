package lease

import "github.com/roost-iot/roost/cluster/boottime"

// Sight tells whether the own picture of the control stream keeps up with the stream, by what is
// certain to be in it: the own renewals. A consumer can stand still without a word, for seconds after
// a server of the hub is gone, while writes are accepted already. One goroutine at a time uses it.
type Sight struct {
	terms  Terms
	passed uint64 // sequence that the picture has passed

	// Accepted records that have not come through: the one that waits longest, and the last.
	oldest, newest awaited
}

type awaited struct {
	sequence uint64 // 0: none
	since    boottime.Instant
}

// NewSight returns the sight of a gateway with these terms. The error is ErrInvalid.
func NewSight(terms Terms) (*Sight, error) {
	if err := terms.Validate(); err != nil {
		return nil, err
	}
	return &Sight{terms: terms.withDefaults()}, nil
}

// Acked tells that an own record was accepted at that sequence.
func (s *Sight) Acked(now boottime.Instant, sequence uint64) {
	if sequence <= s.passed || sequence <= s.newest.sequence {
		return
	}
	s.newest = awaited{sequence, now}
	if s.oldest.sequence == 0 {
		s.oldest = s.newest
	}
}

// Passed tells that the picture has all up to that sequence.
func (s *Sight) Passed(sequence uint64) {
	s.passed = max(s.passed, sequence)
	if s.oldest.sequence <= s.passed {
		s.oldest = s.newest // one in between may wait longer: then it is noticed a little late
	}
	if s.newest.sequence <= s.passed {
		s.oldest, s.newest = awaited{}, awaited{}
	}
}

// Replaced tells that the consumer was replaced: the new one is given the same time.
func (s *Sight) Replaced(now boottime.Instant) {
	if s.oldest.sequence > 0 {
		s.oldest.since, s.newest.since = now, now
	}
}

// Blind reports whether an accepted own record has not come through for half a lease: the consumer
// has to be replaced. Before that the picture is merely late.
func (s *Sight) Blind(now boottime.Instant) bool {
	return s.oldest.sequence > 0 && now.Sub(s.oldest.since) > 2*s.terms.Interval()
}

package actors

import (
	"slices"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxBatchReadings and maxBatchBytes bound one batch, so that it fits a message.
	maxBatchReadings = 8192
	maxBatchBytes    = 512 << 10
	// readingBytes is what a reading costs besides its name and a long value.
	readingBytes = 64
)

// An entry is a reading on its way to the store.
type entry struct {
	sequence uint64
	sample   *Sample       // checked: At is set, the quality is not unspecified
	uptime   time.Duration // of the machine when the sample came
}

func (e *entry) bytes() int {
	return readingBytes + len(e.sample.Resource) + len(e.sample.Value.GetString_()) + len(e.sample.Value.GetBytes())
}

// outbox holds the readings of one device that are not known to be stored. It is
// pure, and survives the device's restarts.
//
// A sequence is given to every reading that should be stored, also to one that is
// dropped at once; so a gap between the batches is exactly what was dropped, and
// dropped_before needs no counter that could be wrong.
//
// Invariant: sequences in pending grow, all are above taken and at most last.
type outbox struct {
	last    uint64 // sequence given last
	taken   uint64 // last sequence that a batch declared: stored, in flight or dropped
	missed  uint64 // polls to declare with the next batch
	pending []entry
	// inFlight was taken and is not acknowledged; it is given again unchanged.
	inFlight *roostv1.ReadingBatch
	dropped  uint64 // highest sequence dropped since the outbox was full
	waiters  []waiter
}

// A waiter wants to know when the readings first to last are durable.
type waiter struct {
	first, last uint64
	dropped     bool // at least one of them was
	done        func(error)
}

// goOn begins behind a sequence that is stored already.
func (o *outbox) goOn(last uint64) { o.last, o.taken = last, last }

// expect makes room for so many readings at once.
func (o *outbox) expect(n int) { o.pending = slices.Grow(o.pending, n) }

// add takes a reading that came at an uptime, dropping the oldest one when there are limit already, and
// returns how many were dropped.
func (o *outbox) add(s *Sample, uptime time.Duration, limit int) (dropped int) {
	o.last++
	o.pending = append(o.pending, entry{sequence: o.last, sample: s, uptime: uptime})
	if len(o.pending) <= limit {
		return 0
	}
	o.dropOldest()
	return 1
}

func (o *outbox) dropOldest() {
	o.dropped = o.pending[0].sequence
	o.pending[0] = entry{}
	o.pending = o.pending[1:]
	for i := range o.waiters {
		if w := &o.waiters[i]; w.first <= o.dropped && o.dropped <= w.last {
			w.dropped = true
		}
	}
}

// skip declares n readings that were lost before they got here.
func (o *outbox) skip(n uint64) { o.last += n }

// await has done called once everything that was added after the sequence is
// durable, or is known to be dropped.
func (o *outbox) await(after uint64, done func(error)) {
	if o.last == after {
		done(nil)
		return
	}
	o.waiters = append(o.waiters, waiter{first: after + 1, last: o.last, dropped: o.dropped > after, done: done})
}

// idle reports whether nothing waits to be stored or declared.
func (o *outbox) idle() bool {
	return o.inFlight == nil && o.taken == o.last && o.missed == 0
}

// take returns the next batch to store; nil if one is in flight or there is none.
// What follows a gap starts a new batch. final is set when no reading
// will follow: then a gap at the end is declared by an empty batch.
func (o *outbox) take(final bool) *roostv1.ReadingBatch {
	if o.inFlight != nil || len(o.pending) == 0 && (!final || o.idle()) {
		return nil
	}
	n := o.cut()
	batch := newBatch()
	batch.MissedPolls, batch.FirstSequence = o.missed, o.last+1
	if n > 0 {
		batch.FirstSequence = o.pending[0].sequence
		fill(batch, o.pending[:n])
	}
	batch.DroppedBefore = batch.FirstSequence - o.taken - 1
	o.taken = batch.FirstSequence + uint64(n) - 1
	clear(o.pending[:n])
	if o.pending = o.pending[n:]; len(o.pending) == 0 {
		o.pending = nil
	}
	o.missed = 0
	o.inFlight = batch
	return batch
}

// cut returns how many of the pending readings go in one batch.
func (o *outbox) cut() int {
	bytes := 0
	for i := range o.pending {
		bytes += o.pending[i].bytes()
		gap := i > 0 && o.pending[i].sequence != o.pending[i-1].sequence+1
		if gap || i == maxBatchReadings || i > 0 && bytes > maxBatchBytes {
			return i
		}
	}
	return len(o.pending)
}

// fill puts readings into a batch, with times as offsets from the first: on the boot clock, so that
// nothing that happens to another clock moves one reading against the next.
func fill(batch *roostv1.ReadingBatch, entries []entry) {
	first := entries[0].sample
	base := entries[0].uptime.Microseconds()
	batch.MonotonicUs = base
	batch.BaseTime.Seconds, batch.BaseTime.Nanos = first.At.Unix(), int32(first.At.Nanosecond())
	batch.Readings = make([]*roostv1.Reading, len(entries))
	readings := make([]roostv1.Reading, len(entries)) // one allocation for all
	for i := range entries {
		s, r := entries[i].sample, &readings[i]
		r.Resource, r.Value = s.Resource, s.Value
		r.Quality, r.Reason, r.VendorCode = s.Quality, s.Reason, s.VendorCode
		r.AcquiredOffsetUs = entries[i].uptime.Microseconds() - base
		if !s.Source.IsZero() {
			r.SourceOffsetUs = new(offset(first.At, s.Source))
		}
		batch.Readings[i] = r
	}
}

// offset is in microseconds by wall clocks, a device's and this machine's. Times that are centuries apart
// saturate rather than wrap.
func offset(base, t time.Time) int64 { return t.Round(0).Sub(base.Round(0)).Microseconds() }

// stored notes that the batch in flight is durable, and returns how many readings it held.
func (o *outbox) stored() int {
	n := len(o.inFlight.GetReadings())
	o.inFlight = nil
	o.answerTaken()
	return n
}

// answerTaken tells those whose readings have all been decided about.
func (o *outbox) answerTaken() {
	for len(o.waiters) > 0 && o.waiters[0].last <= o.taken {
		var err error
		if o.waiters[0].dropped {
			err = roostv1.Errorf(roostv1.ErrExhausted, "dropped, and declared")
		}
		o.answer(err)
	}
}

// reject gives the batch in flight up, which can never be stored, and returns how many
// readings it held. What it declared, and they, are declared by the next one.
func (o *outbox) reject() int {
	b := o.inFlight
	o.inFlight = nil
	o.missed += b.MissedPolls
	for i := range o.waiters {
		if w := &o.waiters[i]; w.last >= b.FirstSequence && w.first <= o.taken {
			w.dropped = true
		}
	}
	o.answerTaken()
	if len(b.Readings) > 0 { // else there is nothing to declare it with
		o.taken = b.FirstSequence - b.DroppedBefore - 1
	}
	return len(b.Readings)
}

// abort answers everyone who still waits.
func (o *outbox) abort(err error) {
	for len(o.waiters) > 0 {
		o.answer(err)
	}
}

func (o *outbox) answer(err error) {
	o.waiters[0].done(err)
	if o.waiters = o.waiters[1:]; len(o.waiters) == 0 {
		o.waiters = nil
	}
}

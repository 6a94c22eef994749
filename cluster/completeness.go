package cluster

import (
	"cmp"
	"fmt"
	"slices"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxEpochs and maxSpans bound what is remembered of one device: batches come almost in
	// order, and almost always of the newest epoch.
	maxEpochs = 4
	maxSpans  = 64
)

// Gap says that readings of a device are missing in what was read. As an error it does not
// mean that reading cannot go on. They may still come later, in a batch marked backfill.
type Gap struct {
	Device   string
	Epoch    uint64
	From, To uint64 // the missing sequences, both included
}

// Error names the missing readings.
func (g *Gap) Error() string {
	return fmt.Sprintf("readings %d to %d of device %s in epoch %d are missing", g.From, g.To, g.Device, g.Epoch)
}

// Completeness finds what is there twice and what is missing, in batches of readings as
// they come from the stream. The first batch of a device is taken as the beginning, unless
// FromStart says otherwise; later epochs begin with sequence 1. The zero value is ready for use, by
// one goroutine at a time.
type Completeness struct {
	// FromStart means that also what is before the first batch of a device is missed.
	FromStart bool

	devices map[string]*deviceSpans
}

// deviceSpans is what was seen of one device, the newest epoch last.
type deviceSpans struct {
	epochs []epochSpans
}

type epochSpans struct {
	epoch uint64
	spans []span // in order, not adjacent; sequences that were seen or declared as dropped
}

// span is the sequences from to up to, but not including, to.
type span struct{ from, to uint64 }

// Observe takes in the next batch. fresh is the batch without the readings that were seen
// before: nil if there are none. gap says what is missing before it; nil if nothing is, and for what
// was reported before. A batch is not changed.
func (c *Completeness) Observe(b *roostv1.ReadingBatch) (fresh *roostv1.ReadingBatch, gap *Gap) {
	if c.devices == nil {
		c.devices = map[string]*deviceSpans{}
	}
	known := c.devices[b.DeviceId]
	first := known == nil
	if first {
		known = &deviceSpans{}
		c.devices[b.DeviceId] = known
	}
	e, fromStart := known.epoch(b.Epoch, c.FromStart || !first)
	if e == nil {
		return b, nil // of an epoch long past: nothing is known of it any more
	}
	declared := span{b.FirstSequence - min(b.DroppedBefore, b.FirstSequence), end(b)}
	if len(e.spans) == 0 && !fromStart {
		e.add(declared)
		return b, nil
	}
	gap = e.gapBefore(b, declared.from)
	fresh = e.fresh(b)
	e.add(declared)
	return fresh, gap
}

// epoch returns what is known of an epoch, nil if it has been forgotten, and whether it is
// to begin with its first reading.
func (d *deviceSpans) epoch(epoch uint64, fromStart bool) (*epochSpans, bool) {
	i, ok := slices.BinarySearchFunc(d.epochs, epoch, func(e epochSpans, epoch uint64) int {
		return cmp.Compare(e.epoch, epoch)
	})
	if ok {
		return &d.epochs[i], true
	}
	if i == 0 && len(d.epochs) == maxEpochs {
		return nil, false
	}
	// Of an epoch older than those that were seen, the beginning was not asked for.
	fromStart = fromStart && (i == len(d.epochs))
	d.epochs = slices.Insert(d.epochs, i, epochSpans{epoch: epoch})
	if len(d.epochs) > maxEpochs {
		d.epochs = slices.Delete(d.epochs, 0, 1)
		i--
	}
	return &d.epochs[i], fromStart
}

// gapBefore returns what is missing between the end of what was seen and from.
func (e *epochSpans) gapBefore(b *roostv1.ReadingBatch, from uint64) *Gap {
	next := uint64(1)
	if len(e.spans) > 0 {
		next = e.spans[len(e.spans)-1].to
	}
	if from <= next {
		return nil
	}
	return &Gap{Device: b.DeviceId, Epoch: b.Epoch, From: next, To: from - 1}
}

// fresh returns the batch without readings that were seen. A batch that was seen in part is cut
// to what is new from its first new reading on.
func (e *epochSpans) fresh(b *roostv1.ReadingBatch) *roostv1.ReadingBatch {
	first := b.FirstSequence
	for _, s := range e.spans {
		if s.from <= first && first < s.to {
			first = s.to
		}
	}
	switch {
	case first == b.FirstSequence:
		if len(b.Readings) == 0 && b.DroppedBefore > 0 && e.covers(b.FirstSequence-1) {
			return nil // it only declares, and was seen
		}
		return b
	case first >= end(b):
		return nil
	}
	rest := withoutReadings(b)
	rest.Readings = b.Readings[first-b.FirstSequence:]
	rest.FirstSequence, rest.DroppedBefore, rest.MissedPolls = first, 0, 0
	return rest
}

func (e *epochSpans) covers(sequence uint64) bool {
	return slices.ContainsFunc(e.spans, func(s span) bool { return s.from <= sequence && sequence < s.to })
}

// add puts a span among those that were seen.
func (e *epochSpans) add(s span) {
	if s.from >= s.to {
		return
	}
	merged := make([]span, 0, len(e.spans)+1)
	for _, other := range e.spans {
		if other.to < s.from || s.to < other.from {
			merged = append(merged, other)
		} else {
			s = span{min(s.from, other.from), max(s.to, other.to)}
		}
	}
	merged = append(merged, s)
	slices.SortFunc(merged, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	if len(merged) > maxSpans { // the oldest hole is not waited for any longer
		merged[1].from = merged[0].from
		merged = merged[1:]
	}
	e.spans = merged
}

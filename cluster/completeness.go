package cluster

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/roost-iot/roost/cluster/spans"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxEpochs and maxSpans bound what is remembered of one device: some 200 kB at the very most, where almost
// every device has one epoch in one span, of 60 bytes. An epoch begins whenever a bus has a new owner, or its owner
// a new process; a span whenever the hub comes back, or a process is killed with readings on their way.
const (
	maxEpochs = 4096
	maxSpans  = 4096 // in all epochs together
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
// they come from the stream, in whatever order. The first batch of a device is taken as the beginning, unless
// FromStart says otherwise; later epochs begin with sequence 1. The zero value is ready for use, by
// one goroutine at a time.
//
// Of each device the last 4096 epochs are remembered, with 4096 spans of sequences in all. A batch of an older
// epoch is taken for new, and the oldest hole beyond that many is not waited for any longer: what still comes of it is
// taken for seen.
type Completeness struct {
	// FromStart means that also what is before the first batch of a device is missed.
	FromStart bool

	devices map[string]*deviceSpans
}

// deviceSpans is what was seen of one device, the newest epoch last.
type deviceSpans struct {
	epochs []epochSpans
	spans  int // of all epochs
}

type epochSpans struct {
	epoch uint64
	seen  spans.Set // sequences that were seen, or declared as dropped
}

// Observe takes in the next batch. fresh is the batch without the readings that were seen
// before, in as many pieces as they leave of it: none if there are no others. gap says what is missing before it; nil
// if nothing is, and for what was reported before. A batch is not changed.
func (c *Completeness) Observe(b *roostv1.ReadingBatch) (fresh []*roostv1.ReadingBatch, gap *Gap) {
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
		return []*roostv1.ReadingBatch{b}, nil // of an epoch long past: nothing is known of it any more
	}
	declared := spans.Span{From: b.FirstSequence - min(b.DroppedBefore, b.FirstSequence), To: end(b)}
	if fromStart || e.seen.Count() > 0 {
		gap = e.gapBefore(b, declared.From)
	}
	fresh = e.fresh(b)
	if mutant("no-message-id") {
		fresh = []*roostv1.ReadingBatch{b}
	}
	known.add(e, declared)
	return fresh, gap
}

// newest returns the newest epoch of a device that was seen; 0 if none was.
func (c *Completeness) newest(device string) uint64 {
	if known := c.devices[device]; known != nil && len(known.epochs) > 0 {
		return known.epochs[len(known.epochs)-1].epoch
	}
	return 0
}

// epoch returns what is known of an epoch, nil if it has been forgotten, and whether it is
// to begin with its first reading.
func (d *deviceSpans) epoch(epoch uint64, fromStart bool) (*epochSpans, bool) {
	i, ok := slices.BinarySearchFunc(d.epochs, epoch, func(e epochSpans, epoch uint64) int {
		return cmp.Compare(e.epoch, epoch)
	})
	if ok {
		return &d.epochs[i], fromStart && i == len(d.epochs)-1
	}
	if i == 0 && len(d.epochs) == maxEpochs {
		return nil, false
	}
	// Of an epoch older than those that were seen, the beginning was not asked for.
	fromStart = fromStart && (i == len(d.epochs))
	d.epochs = slices.Insert(d.epochs, i, epochSpans{epoch: epoch})
	if len(d.epochs) > maxEpochs {
		d.spans -= d.epochs[0].seen.Count()
		d.epochs = slices.Delete(d.epochs, 0, 1)
		i--
	}
	return &d.epochs[i], fromStart
}

// add puts a span among those that were seen of an epoch.
func (d *deviceSpans) add(e *epochSpans, s spans.Span) {
	before := e.seen.Count()
	e.seen.Add(s)
	d.spans += e.seen.Count() - before
	for i := 0; d.spans > maxSpans && i < len(d.epochs); {
		if d.epochs[i].seen.CloseFirst() {
			d.spans--
		} else {
			i++
		}
	}
}

// gapBefore returns what is missing between the end of what was seen and from.
func (e *epochSpans) gapBefore(b *roostv1.ReadingBatch, from uint64) *Gap {
	next := max(e.seen.End(), 1)
	if from <= next {
		return nil
	}
	return &Gap{Device: b.DeviceId, Epoch: b.Epoch, From: next, To: from - 1}
}

// fresh returns the batch without readings that were seen. What it declares stands with its first reading, and was
// seen where that was.
func (e *epochSpans) fresh(b *roostv1.ReadingBatch) []*roostv1.ReadingBatch {
	if len(b.Readings) == 0 {
		if b.DroppedBefore > 0 && e.seen.Has(b.FirstSequence-1) {
			return nil // it only declares, and was seen
		}
		return []*roostv1.ReadingBatch{b}
	}
	var fresh []*roostv1.ReadingBatch
	for s := range e.seen.Missing(spans.Span{From: b.FirstSequence, To: end(b)}) {
		if s.From == b.FirstSequence && s.To == end(b) {
			return []*roostv1.ReadingBatch{b}
		}
		piece := withoutReadings(b)
		piece.Readings = b.Readings[s.From-b.FirstSequence : s.To-b.FirstSequence]
		if s.From > b.FirstSequence {
			piece.FirstSequence, piece.DroppedBefore, piece.MissedPolls = s.From, 0, 0
		}
		fresh = append(fresh, piece)
	}
	return fresh
}

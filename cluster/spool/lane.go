package spool

import (
	"math"
	"slices"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxHeld and maxHeldBytes bound the readings that a lane has read and that are not answered for.
	maxHeld      = 64 << 10
	maxHeldBytes = 12 << 20
	// maxFlying bounds the readings that a lane has given to the sink: what is live has to wait behind
	// what the backfill gave.
	maxFlying = 32 << 10
)

// lane is a way to the sink: one for what comes now, one for what piled up while the hub was away. Each keeps the order
// of every device, and has one batch of it on its way at most.
type lane struct {
	backfill bool
	next     uint64 // sequence in the stream to read next
	end      uint64 // and the last one
	devices  map[string]*queue
	ready    []string // devices that have something to send and nothing on its way; some are there in vain
	held     int      // readings, waiting or on their way
	bytes    int
	flying   int // readings on their way
}

// queue is one device in a lane.
type queue struct {
	waiting []stored
	flight  *flight // on its way, or to be tried again
}

// flight is a batch that was given to the sink, made of messages of the stream. It is given again unchanged.
type flight struct {
	lane      *lane
	device    string
	batch     *roostv1.ReadingBatch
	sequences []uint64
	readings  int // of the messages
	bytes     int
	debt      *debt            // that it declares
	began     boottime.Instant // when it was given first
	sent      time.Time
	due       time.Time // to be tried again; zero: it is in the sink
	failures  int
}

func newLane(backfill bool) *lane {
	return &lane{backfill: backfill, devices: map[string]*queue{}, next: 1, end: 0}
}

// follow has the lane read from a sequence on, up to an end, and forget what it had read.
func (l *lane) follow(next, end uint64) {
	l.clear()
	l.next, l.end = next, end
}

// endless is the end of a lane that goes on.
const endless = math.MaxUint64

// clear forgets what waits; what is on its way is kept.
func (l *lane) clear() {
	for device, q := range l.devices {
		for _, m := range q.waiting {
			l.drop(m)
		}
		q.waiting = nil
		if q.flight == nil {
			delete(l.devices, device)
		}
	}
	l.ready = nil
}

func (l *lane) drop(m stored) {
	l.held -= len(m.batch.Readings)
	l.bytes -= m.bytes
}

// full reports whether nothing more should be read.
func (l *lane) full() bool { return l.held >= maxHeld || l.bytes >= maxHeldBytes }

// add puts a message behind those of its device.
func (l *lane) add(m stored) {
	q := l.queue(m.batch.DeviceId)
	q.waiting = append(q.waiting, m)
	if l.backfill && len(q.waiting) > 1 && mutant("out-of-order-drain") {
		q.waiting = slices.Insert(q.waiting[:len(q.waiting)-1], 0, m)
	}
	l.held += len(m.batch.Readings)
	l.bytes += m.bytes
	if len(q.waiting) == 1 && q.flight == nil {
		l.ready = append(l.ready, m.batch.DeviceId)
	}
}

func (l *lane) queue(device string) *queue {
	q := l.devices[device]
	if q == nil {
		q = &queue{}
		l.devices[device] = q
	}
	return q
}

// take makes a batch of the first messages of a device, as many as can be joined.
func (l *lane) take(device string, q *queue) *flight {
	first := q.waiting[0]
	f := &flight{lane: l, device: device, batch: first.batch, sequences: []uint64{first.sequence}, readings: len(first.batch.Readings), bytes: first.bytes}
	n := 1
	for ; n < len(q.waiting); n++ {
		m := q.waiting[n]
		if f.bytes+m.bytes > maxJoinedBytes || !joins(f.batch, m.batch) {
			break
		}
		f.readings += len(m.batch.Readings)
		f.bytes += m.bytes
		f.sequences = append(f.sequences, m.sequence)
		join(f.batch, m.batch)
	}
	clear(q.waiting[:n])
	if q.waiting = q.waiting[n:]; len(q.waiting) == 0 {
		q.waiting = nil
	}
	f.batch.Backfill = l.backfill && !mutant("live-mark-on-backfill")
	return f
}

// launch notes that a batch is on its way.
func (l *lane) launch(f *flight) {
	l.queue(f.device).flight = f
	l.flying += len(f.batch.Readings)
}

// wake has a device looked at again, if it has something to send.
func (l *lane) wake(device string) {
	if q := l.devices[device]; q != nil && q.flight == nil && len(q.waiting) > 0 {
		l.ready = append(l.ready, device)
	}
}

// land notes that a batch is on its way no more, and will not be tried again.
func (l *lane) land(f *flight) {
	l.flying -= len(f.batch.Readings)
	l.held -= f.readings
	l.bytes -= f.bytes
	q := l.devices[f.device]
	q.flight = nil
	if len(q.waiting) == 0 {
		delete(l.devices, f.device)
		return
	}
	l.ready = append(l.ready, f.device)
}

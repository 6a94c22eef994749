package check_test

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/sim"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// readings lets every owner of a device read it, from when it serves it on.
func (w *world) readings(d *device) {
	type poll struct {
		at boottime.Instant
		by *outbox
	}
	var polls []poll
	for _, o := range d.owners {
		by := &outbox{world: w, device: d, owner: o, next: 1}
		for at := o.serves; at < min(o.polls, w.collect); at += boottime.Instant(period) {
			if w.running(o.Gateway, at) {
				polls = append(polls, poll{at, by})
			}
		}
	}
	slices.SortStableFunc(polls, func(a, b poll) int { return cmp.Compare(a.at, b.at) })
	for _, p := range polls {
		p.by.poll(p.at)
	}
}

// outbox holds the readings of one owner until they are stored.
type outbox struct {
	*world
	device  *device
	owner   owner
	next    uint64
	dropped uint64
	batch   []history.Reading
	// stored is when the last batch was, so that they stay in their order.
	stored boottime.Instant
}

// poll reads the device, which gives two readings.
func (o *outbox) poll(at boottime.Instant) {
	d := o.device
	d.count++
	value := sim.Measured(seed, d.spec.ID, d.count)
	o.note(truthName, at, &history.Read{Device: d.spec.ID, Count: d.count, Value: value, Peer: o.owner.atHardware(), Done: true})
	if len(o.batch) == 0 && o.chance(1) {
		o.next, o.dropped = o.next+2, o.dropped+2 // by policy; declared with the next batch
		return
	}
	o.batch = append(o.batch,
		history.Reading{Resource: "value", Value: roostv1.Double(value).Format(), Count: d.count},
		history.Reading{Resource: "count", Value: strconv.FormatUint(d.count, 10)})
	if o.chance(80) {
		o.store(at + 5*ms)
	}
}

// store stores the batch, at once or when the link to the hub is back.
func (o *outbox) store(at boottime.Instant) {
	b := history.Batch{
		Device: o.device.spec.ID, Gateway: o.owner.Gateway, Epoch: o.owner.epoch, First: o.next, Readings: o.batch, Dropped: o.dropped,
	}
	if cut := o.cut(o.owner.Gateway, at); cut != nil {
		b.Backfill = true
		at = cut.healed + (at-cut.asked)/1000 + 10*ms
	}
	at = max(at, o.stored+1*ms)
	b.Backfill = b.Backfill || slices.ContainsFunc(o.device.owners, func(next owner) bool { return next.epoch > b.Epoch && next.serves <= at })
	if o.chance(30) {
		kept := &history.Acked{Device: b.Device, Epoch: b.Epoch, First: b.First, Readings: uint64(len(b.Readings)), By: b.Gateway}
		o.note("kept", at-1*ms, kept)
	}
	o.stored, o.next, o.batch, o.dropped = at, b.End(), nil, 0
	o.inStream(at, b)
	if o.chance(30) {
		o.note("proxy", at+1*ms, &history.Acked{Device: b.Device, Epoch: b.Epoch, First: b.First, Readings: uint64(len(b.Readings))})
	}
	o.note("sink", at+2*ms, &history.Delivered{Batch: b})
	if o.chance(2) {
		o.inStream(at+700*ms, b) // again, after an acknowledgement was lost
	}
}

func (o *outbox) inStream(at boottime.Instant, b history.Batch) {
	stored := &history.Stored{Batch: b}
	o.note("stream", at, stored)
	o.stream = append(o.stream, stored)
}

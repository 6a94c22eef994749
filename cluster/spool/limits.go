package spool

import (
	"context"
	"fmt"
	"time"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// limit drops the oldest of what waits while it is more, or older, than it may be.
func (f *forwarder) limit(ctx context.Context) error {
	most := uint64(f.s.config.MaxBytes)
	for {
		if err := f.trim(ctx, f.engine, f.encodeMarks(), f.frontier()); err != nil { // what was sent needs no dropping
			return err
		}
		state, err := f.engine.state(ctx)
		if err != nil {
			return err
		}
		f.s.note(state.Bytes)
		dropped, err := f.dropOldest(ctx, state.Bytes, most)
		if err != nil || dropped == 0 {
			return err
		}
		f.s.tellDropped(fmt.Sprintf("%d of the oldest that waited for the hub", dropped))
	}
}

// dropOldest drops messages of the first page that are too old, or as many as it takes for the bytes to fit, and
// returns how many messages that were.
func (f *forwarder) dropOldest(ctx context.Context, bytes, most uint64) (dropped int, err error) {
	page, err := f.engine.pages.page(ctx, f.frontier()+1, pageMessages, min(pageBytes, int(most/8)))
	if err != nil {
		return 0, err
	}
	f.noteOldest(page)
	for _, m := range page {
		if f.ledger.Has(m.sequence) {
			continue
		}
		old, _ := f.tooOld(m.batch)
		if bytes <= most && !old {
			break
		}
		if flight := f.claimed[m.sequence]; flight != nil && !f.giveUp(flight) {
			break
		}
		f.drop(m)
		dropped++
		bytes -= min(bytes, uint64(m.bytes)+overhead)
	}
	return dropped, nil
}

// overhead is what a message takes on disk beside its data, nearly.
const overhead = 128

// drop declares a message instead of sending it.
func (f *forwarder) drop(m stored) {
	f.ledger.AddOne(m.sequence)
	f.keep.changed = true
	if m.batch != nil {
		f.s.owe(m.batch)
		f.s.left(len(m.batch.Readings))
	}
}

// giveUp forgets a batch that is to be tried again, so that its messages count as unread; false if it is in the sink.
func (f *forwarder) giveUp(flight *flight) bool {
	if flight.due.IsZero() {
		return false
	}
	delete(f.flights, flight)
	for _, sequence := range flight.sequences {
		delete(f.claimed, sequence)
	}
	if flight.debt != nil {
		delete(f.declare, flight.device)
	}
	f.landed(flight)
	return true
}

// noteOldest keeps the age of the first message that waits, for the status.
func (f *forwarder) noteOldest(page []stored) {
	for _, m := range page {
		if f.ledger.Has(m.sequence) {
			continue
		}
		_, age := f.tooOld(m.batch)
		f.s.mu.Lock()
		f.s.oldest = age
		f.s.mu.Unlock()
		return
	}
}

// tooOld reports whether a batch is older than it may be, and its age; 0 if that is not known.
func (f *forwarder) tooOld(b *roostv1.ReadingBatch) (bool, time.Duration) {
	age, ok := f.s.age(b)
	if !ok {
		return false, 0
	}
	return f.s.config.MaxAge > 0 && age > f.s.config.MaxAge, age
}

// age is how old a batch is: by the boot clock within one boot, else by the hub's time, if it was known then and is known
// now. The wall clock of this machine takes no part: it may be off by decades, or set at any time.
func (s *Spool) age(b *roostv1.ReadingBatch) (time.Duration, bool) {
	switch {
	case b == nil:
		return 0, false
	case b.BootId != "" && b.BootId == s.config.BootID:
		return time.Duration(s.clock.Now()) - time.Duration(b.MonotonicUs)*time.Microsecond, true
	case b.ClockState == roostv1.ClockState_CLOCK_STATE_SYNCED && b.BaseTime != nil:
		now, ok := s.config.HubTime()
		return now.Sub(b.BaseTime.AsTime()), ok
	}
	return 0, false
}

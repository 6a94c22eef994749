package check_test

import (
	"slices"

	"github.com/roost-iot/roost/nodes/chaos/check"
	"github.com/roost-iot/roost/nodes/chaos/history"
)

func dropDelivered(w *world) (string, bool) {
	all := of[*history.Delivered](w)
	b, ok := one(w, all, func(b *history.Delivered) bool {
		return slices.ContainsFunc(all, func(other *history.Delivered) bool {
			return other.Device == b.Device && other.At > b.At
		})
	})
	undrained := w.chance(50) // the order of the stream alone proves it
	w.drop(func(r history.Record) bool {
		_, backlog := r.(*history.Backlog)
		return r == history.Record(b) || backlog && undrained
	})
	return check.ReadingID(b.Device, b.Epoch, b.First), ok
}

func dropLast(w *world) (string, bool) {
	d := w.devices[w.IntN(len(w.devices))].spec.ID
	all := slices.DeleteFunc(of[*history.Delivered](w), func(b *history.Delivered) bool { return b.Device != d })
	if len(all) == 0 {
		return "", false
	}
	b := all[len(all)-1]
	w.drop(func(r history.Record) bool {
		if again, ok := r.(*history.Stored); ok && again.At > b.At-2*ms && again.Device == d {
			return true // a copy of an older one
		}
		_, backlog := r.(*history.Backlog)
		return backlog || r == history.Record(b)
	})
	return "drain", true
}

func dropStored(w *world) (string, bool) {
	a, ok := one(w, of[*history.Acked](w), func(a *history.Acked) bool { return a.By == "" })
	if !ok {
		return "", false
	}
	same := func(b history.Batch) bool { return b.Device == a.Device && b.Epoch == a.Epoch && b.First == a.First }
	w.drop(func(r history.Record) bool {
		stored, ok := r.(*history.Stored)
		return ok && same(stored.Batch)
	})
	return check.ReadingID(a.Device, a.Epoch, a.First), true
}

// dropKept drops all that tells of the last batch of an epoch but the word of its gateway.
func dropKept(w *world) (string, bool) {
	all := of[*history.Stored](w)
	last, ok := one(w, all, func(b *history.Stored) bool {
		return b.At < w.drain && b.First > 1 && len(b.Readings) > 0 && b.Dropped == 0 && !slices.ContainsFunc(all, func(other *history.Stored) bool {
			return other.Device == b.Device && other.Epoch == b.Epoch && other.First > b.First
		})
	})
	if !ok {
		return "", false
	}
	same := func(device string, epoch, first uint64) bool {
		return device == last.Device && epoch == last.Epoch && first == last.First
	}
	w.drop(func(r history.Record) bool {
		switch r := r.(type) {
		case *history.Acked:
			return same(r.Device, r.Epoch, r.First)
		case *history.Stored:
			return same(r.Device, r.Epoch, r.First)
		case *history.Delivered:
			return same(r.Device, r.Epoch, r.First)
		default:
			return false
		}
	})
	w.note("kept", last.At-1*ms, &history.Acked{Device: last.Device, Epoch: last.Epoch, First: last.First, Readings: uint64(len(last.Readings)), By: last.Gateway})
	return check.ReadingID(last.Device, last.Epoch, last.First), true
}

func undeclare(w *world) (string, bool) {
	b, ok := one(w, of[*history.Stored](w), func(b *history.Stored) bool { return b.Dropped > 0 })
	if !ok {
		return "", false
	}
	first := b.First - b.Dropped
	for _, other := range of[*history.Stored](w) {
		if other.Device == b.Device && other.Epoch == b.Epoch && other.First == b.First {
			other.Dropped = 0
		}
	}
	return check.ReadingID(b.Device, b.Epoch, first), true
}

func corrupt(w *world) (string, bool) {
	b, ok := one(w, of[*history.Delivered](w), func(b *history.Delivered) bool { return b.Readings[0].Count > 0 })
	if !ok {
		return "", false
	}
	b.Readings = slices.Clone(b.Readings)
	b.Readings[0].Value = "-273.5"
	return check.ReadingID(b.Device, b.Epoch, b.First), true
}

func phantom(w *world) (string, bool) {
	b, _ := one(w, of[*history.Delivered](w), func(*history.Delivered) bool { return true })
	b.Readings = slices.Clone(b.Readings)
	b.Readings[0].Count = 1_000_000
	return check.ReadingID(b.Device, b.Epoch, b.First), true
}

// --- C2, C3

func deliverTwice(w *world) (string, bool) {
	b, _ := one(w, of[*history.Delivered](w), func(*history.Delivered) bool { return true })
	w.note("sink", b.At+w.between(1*ms, 2000*ms), &history.Delivered{Batch: b.Batch})
	return check.ReadingID(b.Device, b.Epoch, b.First), true
}

func swapNeighbours(w *world) (string, bool) { return swap(w, false) }
func swapBackfilled(w *world) (string, bool) { return swap(w, true) }

func swap(w *world, backfill bool) (string, bool) {
	all := of[*history.Delivered](w)
	next := map[*history.Delivered]*history.Delivered{}
	last := map[string]*history.Delivered{}
	for _, b := range all {
		if before := last[b.Device]; before != nil && before.Epoch == b.Epoch && before.Backfill == backfill && b.Backfill == backfill {
			next[before] = b
		}
		last[b.Device] = b
	}
	a, ok := one(w, all, func(b *history.Delivered) bool { return next[b] != nil })
	if !ok {
		return "", false
	}
	b := next[a]
	// The later one cannot come before it was read, so the earlier one comes late.
	a.At = b.At + 1
	return check.ReadingID(a.Device, a.Epoch, a.First), true
}

// behindTheNextOwner has the last live batch of an epoch come long after the first of the next one.
func behindTheNextOwner(w *world) (string, bool) {
	all := of[*history.Delivered](w)
	last, next := map[string]*history.Delivered{}, map[*history.Delivered]*history.Delivered{}
	for _, b := range all {
		if b.Backfill {
			continue
		}
		if before := last[b.Device]; before != nil && before.Epoch < b.Epoch {
			next[before] = b
		}
		last[b.Device] = b
	}
	a, ok := one(w, all, func(b *history.Delivered) bool { return next[b] != nil })
	if !ok {
		return "", false
	}
	a.At = next[a].At + 1
	return check.ReadingID(a.Device, a.Epoch, a.First), true
}

package spool

import (
	"context"
)

// read reads a page into a lane, and returns how many messages there were.
func (f *forwarder) read(ctx context.Context, l *lane) (int, error) {
	from := f.ledger.Next(l.next)
	if from > l.end {
		l.next = from
		return 0, nil
	}
	page, err := f.engine.pages.page(ctx, from, pageMessages, pageBytes)
	if err != nil {
		return 0, err
	}
	f.fill(l, page)
	return len(page), nil
}

// fill puts a page into a lane.
func (f *forwarder) fill(l *lane, page []stored) {
	for _, m := range page {
		if m.sequence > l.end {
			l.next = l.end + 1
			break
		}
		l.next = m.sequence + 1
		if l.backfill && !f.drain.has(m.sequence) || !l.backfill && f.postpone(m) {
			continue
		}
		f.add(l, m)
	}
}

func (f *forwarder) add(l *lane, m stored) {
	if _, flying := f.claimed[m.sequence]; flying || f.ledger.Has(m.sequence) {
		return
	}
	if m.batch == nil {
		f.s.config.Logger.Error("a message of the spool cannot be read, and is left out", "sequence", m.sequence)
		f.ledger.AddOne(m.sequence)
		return
	}
	f.s.config.Correct(m.batch)
	l.add(m)
}

// readBack has a page read for the backfill, if there is room for it. That waits for what is just being stored, so that
// what is live must not wait for it.
func (f *forwarder) readBack(ctx context.Context) {
	if f.reading || f.back.full() {
		return
	}
	if f.back.next = f.ledger.Next(f.back.next); f.back.next > f.back.end {
		return
	}
	f.reading = true
	e, from, end := f.engine, f.back.next, f.back.end
	f.beside(func() func() error {
		page, err := e.back.page(ctx, from, pageMessages, pageBytes)
		return func() error {
			f.reading = false
			switch {
			case err != nil || !f.up || f.back.next != from:
			case len(page) == 0:
				f.back.next = end + 1 // more may have been left to it meanwhile
			default:
				f.fill(f.back, page)
			}
			return err
		}
	})
}

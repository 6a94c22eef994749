package spool

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/spans"
)

const (
	// keepInterval is how often the cursor is written, and the limits are looked at.
	keepInterval = time.Second
	// trimEvery and trimAfter are when what was sent is removed: after so many messages, or so long.
	trimEvery = 16 << 10
	trimAfter = 10 * time.Second
	// maxSpans bounds the cursor.
	maxSpans = 256
)

// cursor is how far was sent, for the next process. It may be behind: then some is sent again. What is behind its
// first span was purged from the stream, or will be.
type cursor struct {
	Stream int64        `json:"stream"`
	Spans  []spans.Span `json:"spans"`
}

// keeping is when what is to be kept was kept last.
type keeping struct {
	at      time.Time
	trimmed time.Time
	sent    int  // messages since then
	changed bool // the cursor is old
	busy    bool
	stored  uint64
}

func (k *keeping) begin(now time.Time) { k.at, k.trimmed, k.busy = now, now, false }

// upkeep writes down how far it has come, removes what is not needed and drops what is too much, now and then.
func (f *forwarder) upkeep(ctx context.Context, now time.Time) {
	k := &f.keep
	due := k.sent >= trimEvery || k.sent > 0 && (now.Sub(k.trimmed) >= trimAfter || now.Sub(k.at) >= keepInterval && f.s.bypassed())
	if k.busy || now.Sub(k.at) < keepInterval && !due {
		return
	}
	k.busy = true
	passed := now.Sub(k.at)
	k.at = now
	var marks []byte
	if due {
		k.trimmed, k.sent = now, 0
		marks = f.encodeMarks()
	}
	through, cursor := f.frontier(), f.encodeCursor()
	changed := k.changed
	k.changed = false
	e := f.engine
	f.beside(func() func() error {
		var err error
		if marks != nil {
			err = f.trim(ctx, e, marks, through)
		}
		if err == nil && changed {
			err = f.write("cursor", cursor)
		}
		if err != nil {
			return func() error { return err }
		}
		state, err := e.state(ctx)
		if err != nil {
			return func() error { return err }
		}
		oldest, err := e.peeks.page(ctx, through+1, 1, pageBytes)
		return func() error {
			k.busy = false
			if err != nil {
				return err
			}
			return f.judge(ctx, state, oldest, passed)
		}
	})
}

// judge takes in how the stream is.
func (f *forwarder) judge(ctx context.Context, state jetstream.StreamState, oldest []stored, passed time.Duration) error {
	k := &f.keep
	if k.stored > 0 {
		f.pace.came(float64(state.LastSeq-min(state.LastSeq, k.stored)) / passed.Seconds())
	}
	k.stored = state.LastSeq
	f.s.note(state.Bytes)
	f.measure(state.LastSeq)
	f.noteOldest(oldest)
	tooOld := false
	if len(oldest) > 0 && !f.ledger.Has(oldest[0].sequence) {
		tooOld, _ = f.tooOld(oldest[0].batch)
	}
	if tooOld || state.Bytes > uint64(f.s.config.MaxBytes) {
		return f.limit(ctx)
	}
	return nil
}

// trim removes what is not needed any more. The marks come first: what they tell is then nowhere else.
func (f *forwarder) trim(ctx context.Context, e *engine, marks []byte, through uint64) error {
	if err := f.write("marks", marks); err != nil {
		return err
	}
	if err := e.purge(ctx, through); err != nil {
		return fmt.Errorf("trim the spool: %w", err)
	}
	return nil
}

// save writes down all there is to know, at the end.
func (f *forwarder) save() error {
	f.aside.Wait()
	if err := f.trim(context.Background(), f.engine, f.encodeMarks(), f.frontier()); err != nil {
		return err
	}
	return f.write("cursor", f.encodeCursor())
}

func (f *forwarder) encodeMarks() []byte {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.marks.Stream = f.made
	return encode(f.s.marks)
}

func (f *forwarder) encodeCursor() []byte {
	return encode(cursor{f.made, f.ledger.Largest(maxSpans)})
}

func (f *forwarder) write(name string, data []byte) error {
	if err := f.s.folder.write(name, data); err != nil {
		return fmt.Errorf("write the spool's %s: %w", name, err)
	}
	return nil
}

// measure counts anew when nothing waits.
func (f *forwarder) measure(last uint64) {
	if f.frontier() >= last && len(f.flights) == 0 {
		f.s.mu.Lock()
		f.s.waiting, f.s.estimated, f.s.oldest = 0, false, 0
		f.s.mu.Unlock()
	}
}

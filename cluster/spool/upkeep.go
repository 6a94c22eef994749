package spool

import (
	"context"
	"fmt"
	"time"

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
	Stream  int64        `json:"stream"`
	Spans   []spans.Span `json:"spans"`
	Last    uint64       `json:"last"`    // sequence up to which Waiting counts
	Waiting uint64       `json:"waiting"` // readings
}

// keeping is when what is to be kept was kept last.
type keeping struct {
	at      time.Time
	trimmed time.Time
	sent    int  // messages since then
	changed bool // the cursor is old
	stored  uint64
}

func (k *keeping) begin(now time.Time) { k.at, k.trimmed = now, now }

// upkeep writes down how far it has come, removes what is not needed and drops what is too much, now and then.
func (f *forwarder) upkeep(ctx context.Context, now time.Time) error {
	k := &f.keep
	if k.sent >= trimEvery || k.sent > 0 && now.Sub(k.trimmed) >= trimAfter {
		if err := f.trim(ctx, now); err != nil {
			return err
		}
	}
	if now.Sub(k.at) < keepInterval {
		return nil
	}
	passed := now.Sub(k.at)
	k.at = now
	state, err := f.engine.state(ctx)
	if err != nil {
		return err
	}
	if k.stored > 0 {
		f.pace.came(float64(state.LastSeq-min(state.LastSeq, k.stored)) / passed.Seconds())
	}
	k.changed = k.changed || state.LastSeq != k.stored
	k.stored = state.LastSeq
	if err := f.limit(ctx, state.Bytes); err != nil {
		return err
	}
	f.measure(state.LastSeq)
	if !k.changed {
		return nil
	}
	k.changed = false
	return f.writeCursor(state.LastSeq)
}

// trim removes what is not needed any more. The marks come first: what they tell is then nowhere else.
func (f *forwarder) trim(ctx context.Context, now time.Time) error {
	f.keep.trimmed, f.keep.sent = now, 0
	if err := f.writeMarks(); err != nil {
		return err
	}
	if err := f.engine.purge(ctx, f.frontier()); err != nil {
		return fmt.Errorf("trim the spool: %w", err)
	}
	return nil
}

// save writes down all there is to know, at the end.
func (f *forwarder) save() error {
	state, err := f.engine.state(context.Background())
	if err != nil {
		return err
	}
	if err := f.writeMarks(); err != nil {
		return err
	}
	return f.writeCursor(state.LastSeq)
}

func (f *forwarder) writeMarks() error {
	f.s.mu.Lock()
	f.s.marks.Stream = f.made
	data := f.s.marks.encode()
	f.s.mu.Unlock()
	if err := f.s.folder.write("marks", data); err != nil {
		return fmt.Errorf("write the spool's marks: %w", err)
	}
	return nil
}

func (f *forwarder) writeCursor(last uint64) error {
	f.s.mu.Lock()
	waiting := f.s.waiting
	f.s.mu.Unlock()
	if err := f.s.folder.write("cursor", encode(cursor{f.made, f.ledger.Largest(maxSpans), last, waiting})); err != nil {
		return fmt.Errorf("write the spool's cursor: %w", err)
	}
	return nil
}

// measure counts anew when nothing waits.
func (f *forwarder) measure(last uint64) {
	if f.frontier() >= last && len(f.flights) == 0 {
		f.s.mu.Lock()
		f.s.waiting, f.s.oldest = 0, 0
		f.s.mu.Unlock()
	}
}

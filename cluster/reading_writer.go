package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// singly is the most messages that are stored each on its own. The server stages an atomic
	// batch in files of its own, which costs it as much as some ten synced messages.
	singly = 8
	// maxPiece bounds a message: above it a batch goes in pieces.
	maxPiece = 512 << 10
	// maxGroup bounds the bytes that wait for one sync.
	maxGroup = 8 << 20
	// maxArena bounds the memory that is kept from one group to the next.
	maxArena = 16 << 20
	// headerRoom is what a message needs beside its data.
	headerRoom = 1 << 10
)

// readingWriter stores groups of batches, one at a time. It belongs to one goroutine.
type readingWriter struct {
	r      *Readings
	js     jetstream.JetStream
	stream jetstream.Stream // nil until first needed
	out    *publisher

	// Of the present group; kept to be used again.
	arena    []byte           // the messages' data
	messages []readingMessage // in order; those of one batch stand together
	outcomes []outcome        // for each batch of the group
	id       []byte
	msgID    []string // the value of a message's id header
}

// outcome is what became of a batch.
type outcome struct {
	err      error // nil: all of it is stored
	pieces   int
	sequence uint64 // of the piece that was stored last
}

// readingMessage is one message of a group.
type readingMessage struct {
	of       int // index of its batch in the group
	piece    *roostv1.ReadingBatch
	from, to int // its data in the arena
}

func newReadingWriter(r *Readings, js jetstream.JetStream) (*readingWriter, error) {
	out, err := newPublisher(r.nc)
	if err != nil {
		return nil, err
	}
	return &readingWriter{r: r, js: js, out: out, msgID: make([]string, 1)}, nil
}

func (w *readingWriter) close() { w.out.close() }

// store stores the group and calls done for each of its batches.
func (w *readingWriter) store(ctx context.Context, group []pending) {
	w.prepare(ctx, group)
	for first := 0; first < len(w.messages); {
		last := w.cut(first)
		w.publish(ctx, w.messages[first:last])
		first = last
	}
	w.settle(ctx, group)
}

// prepare writes the group's messages into the arena. A batch that cannot be written, or
// of which the stream has all, gets none.
func (w *readingWriter) prepare(ctx context.Context, group []pending) {
	if cap(w.arena) > maxArena {
		w.arena = nil
	}
	w.arena, w.messages = w.arena[:0], w.messages[:0]
	w.outcomes = w.outcomes[:0]
	limit := w.pieceLimit()
	for _, p := range group {
		w.outcomes = append(w.outcomes, w.prepareBatch(ctx, p.batch, limit))
	}
}

func (w *readingWriter) prepareBatch(ctx context.Context, b *roostv1.ReadingBatch, limit int) outcome {
	stored, err := w.stored(ctx, b)
	if err != nil {
		return outcome{err: err}
	}
	if !b.Backfill && w.r.Late != nil && w.r.Late(b) {
		b = late(b) // b itself belongs to whoever gave it
	}
	before, of := len(w.messages), len(w.outcomes)
	w.arena, err = appendPieces(w.arena, b, limit, func(piece *roostv1.ReadingBatch, from, to int) {
		// One without readings only declares, and cannot be told from what is there.
		if end(piece) > stored || len(piece.Readings) == 0 {
			w.messages = append(w.messages, readingMessage{of, piece, from, to})
		}
	})
	if err != nil {
		w.messages = w.messages[:before]
	}
	return outcome{err: err, pieces: len(w.messages) - before}
}

// pieceLimit is how large a message may be.
func (w *readingWriter) pieceLimit() int {
	if most := int(w.r.nc.MaxPayload()) - headerRoom; most > 0 {
		return min(most, maxPiece)
	}
	return maxPiece // the hub was never reached, and nothing will be sent
}

// stored returns up to which sequence the stream has the batch, if that is in doubt.
func (w *readingWriter) stored(ctx context.Context, b *roostv1.ReadingBatch) (uint64, error) {
	if !w.r.doubts.has(b) {
		return 0, nil
	}
	ctx, unlink := whileConnected(ctx, w.r.nc)
	defer unlink()
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if w.stream == nil {
		stream, err := w.js.Stream(ctx, w.r.stream)
		if err != nil {
			return 0, fmt.Errorf("open readings stream: %w", hubError(ctx, err))
		}
		w.stream = stream
	}
	upTo, err := storedUpTo(ctx, w.stream, w.r.subject(b), b)
	if errors.Is(err, nats.ErrNoResponders) {
		// The hub is there, and lets this gateway not look into the stream: readings are for others. So it is
		// sent again, and the hub's memory of ids has to do, or who reads it. (TestReadingsInDoubtAsGateway)
		return 0, nil
	}
	return upTo, err
}

// cut returns where the messages end that go together with the first one: as many as the
// server takes at once, and no batch is taken apart.
func (w *readingWriter) cut(first int) int {
	last, bytes := first, 0
	for i := first; i < len(w.messages); i++ {
		m := w.messages[i]
		bytes += m.to - m.from
		if i-first == maxBatch || bytes > maxGroup {
			break
		}
		if i+1 == len(w.messages) || w.messages[i+1].of != m.of {
			last = i + 1
		}
	}
	if last == first { // one batch alone is larger than any group: its pieces must go apart
		last = min(first+maxBatch, len(w.messages))
	}
	return last
}

// publish stores messages and notes the outcomes of their batches.
func (w *readingWriter) publish(ctx context.Context, messages []readingMessage) {
	ctx, cancel := context.WithTimeoutCause(ctx, storeTimeout, fmt.Errorf("not within %v", storeTimeout))
	defer cancel()
	fill := func(i int, m *nats.Msg) error { return w.fill(messages[i], m) }
	if len(messages) > singly {
		ack, err := w.out.batch(ctx, len(messages), fill)
		if !refusedWith(err, codeDuplicate) {
			for i, m := range messages {
				w.note(m, ack.Sequence-uint64(len(messages)-1-i), err)
			}
			return
		}
		// Some are stored already, from an earlier attempt, and so none of the others
		// was. Alone, each is stored, or found to be stored without a sync.
	}
	w.out.each(ctx, len(messages), fill, func(i int, ack pubAck, err error) { w.note(messages[i], ack.Sequence, err) })
}

func (w *readingWriter) fill(rm readingMessage, m *nats.Msg) error {
	w.id = appendBatchID(w.id[:0], rm.piece)
	w.msgID[0] = string(w.id)
	if !mutant("no-message-id") {
		m.Header[jetstream.MsgIDHeader] = w.msgID
	}
	m.Subject = w.r.subject(rm.piece)
	m.Data = w.arena[rm.from:rm.to]
	return nil
}

// note keeps the outcome of a message for its batch. That one is not known counts most.
func (w *readingWriter) note(m readingMessage, sequence uint64, err error) {
	o := &w.outcomes[m.of]
	o.sequence = sequence
	if o.err == nil || errors.Is(err, roostv1.ErrOutcomeUnknown) {
		o.err = err
	}
}

// settle calls done for all of the group and remembers what is in doubt: also a batch in
// pieces, of which some may be stored.
func (w *readingWriter) settle(ctx context.Context, group []pending) {
	var failure error
	for i, p := range group {
		o := w.outcomes[i]
		switch {
		case o.err == nil:
			w.r.doubts.drop(p.batch)
			if o.pieces == 1 {
				w.r.stored(p.batch, o.sequence)
			}
			p.done(nil)
			continue
		case o.pieces > 1, o.pieces > 0 && errors.Is(o.err, roostv1.ErrOutcomeUnknown):
			w.r.doubts.add(p.batch)
		}
		err := hubError(ctx, o.err)
		if !errors.Is(err, roostv1.ErrInvalid) {
			failure = err
		}
		p.done(fmt.Errorf("store readings of device %s: %w", p.batch.DeviceId, err))
	}
	w.r.logOutcome(failure)
}

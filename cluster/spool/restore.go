package spool

import (
	"context"
	"encoding/json"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/spans"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// countTime bounds the counting of what waits, at the start. What is left then is estimated.
const countTime = 500 * time.Millisecond

// restore finds out what is in the stream, and how far it was sent.
func (s *Spool) restore(ctx context.Context, e *engine) error {
	s.restoreMarks(e)
	err := e.lasts(ctx, func(device string, epoch, last uint64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.marks.reached(device, epoch, last)
	})
	if err != nil {
		return err
	}
	state, err := e.state(ctx)
	if err != nil {
		return err
	}
	f := s.forward
	if f.made != e.made {
		return s.restoreCursor(ctx, e, state)
	}
	f.clip(state.LastSeq)
	f.ledger.Add(spans.Span{From: 1, To: state.FirstSeq})
	s.note(state.Bytes)
	return nil
}

// restoreMarks reads the marks, at the first start that can.
func (s *Spool) restoreMarks(e *engine) {
	if s.forward.made != 0 {
		return
	}
	marks := newMarks()
	if !s.folder.read("marks", marks) || marks.Devices == nil {
		return
	}
	if marks.Stream != 0 && marks.Stream != e.made {
		s.config.Logger.Error("what waited for the hub is gone: the spool's files were lost or damaged", "folder", s.folder.path)
		s.tell(roostv1.EventKind_EVENT_KIND_STORE_FAILING, "what waited for the hub is gone: the spool's files were lost or damaged")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for device, mark := range s.marks.Devices { // of readings that went straight to the hub
		for _, epoch := range mark.Epochs {
			marks.reached(device, epoch.Epoch, epoch.Last)
		}
	}
	s.marks = marks
	for device, mark := range marks.Devices {
		if len(mark.Debts) > 0 {
			s.owing[device] = struct{}{}
		}
	}
}

// restoreCursor takes up where the process before ended.
func (s *Spool) restoreCursor(ctx context.Context, e *engine, state jetstream.StreamState) error {
	f := s.forward
	f.clip(0)
	f.made = e.made
	f.ledger.Add(spans.Span{From: 1, To: state.FirstSeq})
	var at cursor
	if s.folder.read("cursor", &at) && at.Stream == e.made {
		for _, span := range at.Spans {
			span.To = min(span.To, state.LastSeq+1)
			f.ledger.Add(span)
		}
	}
	waiting, exact, err := f.count(ctx, e, f.frontier()+1, state.LastSeq)
	s.mu.Lock()
	s.waiting, s.estimated = waiting, !exact
	s.mu.Unlock()
	s.note(state.Bytes)
	if err != nil {
		return err
	}
	return f.write("marks", f.encodeMarks()) // so that the loss of the stream is noticed
}

// clip forgets where in the stream that was which is behind its last message: what comes there will be something
// else. Batches on their way stay so, but nothing else has them any more.
func (f *forwarder) clip(last uint64) {
	var kept spans.Set
	for _, span := range f.ledger.All() {
		span.To = min(span.To, last+1)
		kept.Add(span)
	}
	f.ledger = kept
	for flight := range f.flights {
		if n := len(flight.sequences); n > 0 && flight.sequences[n-1] > last {
			for _, sequence := range flight.sequences {
				delete(f.claimed, sequence)
			}
			flight.sequences = nil
		}
	}
}

// count counts the readings from a message on, as far as there is time for it, and estimates the rest.
func (f *forwarder) count(ctx context.Context, e *engine, from, last uint64) (readings uint64, exact bool, err error) {
	messages := uint64(0)
	for began := time.Now(); from <= last; {
		page, err := e.pages.page(ctx, from, pageMessages, pageBytes)
		if err != nil || len(page) == 0 {
			return readings, false, err
		}
		for _, m := range page {
			if m.batch != nil && !f.ledger.Has(m.sequence) {
				readings += uint64(len(m.batch.Readings))
			}
		}
		messages += uint64(len(page))
		from = page[len(page)-1].sequence + 1
		if time.Since(began) > countTime && from <= last {
			return readings + readings*(last-from+1)/messages, false, nil
		}
	}
	return readings, true, nil
}

func (s *Spool) note(bytes uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes = bytes
}

// encode is what v is as JSON.
func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // a defect: nothing in it can fail
	}
	return data
}

package exec

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/roost-iot/roost/actors"
)

// pending is a question that has no answer yet.
type pending struct {
	op       string
	id       uint64
	asked    time.Time
	answer   chan *answer  // has room for the one answer
	answered chan struct{} // closed when it has come, also when nobody waits for it any more
}

// forever is how long is left where no deadline is known.
const forever = time.Hour

// ask asks a question and waits for its answer. The error is actors.ErrNotSent if no byte of the question left. act says
// that an answer which does not come in time ends the program.
func (s *session) ask(ctx context.Context, q question, act bool) (*answer, error) {
	p, err := s.put(ctx, q)
	if err != nil {
		return nil, err
	}
	select {
	case a := <-p.answer:
		return a, nil
	case <-ctx.Done():
	case <-s.broken:
	}
	select { // it may have come at the same time
	case a := <-p.answer:
		return a, nil
	default:
	}
	if err := s.failure(); err != nil {
		return nil, over(err)
	}
	late := fmt.Errorf("the program did not answer %s %d within %v: %w", p.op, p.id, time.Since(p.asked).Round(time.Millisecond), context.Cause(ctx))
	if act {
		s.fail(fmt.Errorf("%w; it was ended, lest it is done late", late))
		return nil, over(s.failure())
	}
	return nil, late
}

// over says that the session can do no more.
func over(why error) error { return fmt.Errorf("%w: %w", actors.ErrSessionOver, why) }

// put writes the question, once the one before is answered.
func (s *session) put(ctx context.Context, q question) (*pending, error) {
	if err := s.clear(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	p := s.next(q, ctx)
	line, err := json.Marshal(q)
	if err == nil {
		err = context.Cause(ctx) // the last look before the first byte
	}
	if err != nil {
		s.withdraw(p)
		return nil, fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	// A program that does not take its question in time cannot be asked any more: half of a line is in its input.
	unhook := context.AfterFunc(ctx, func() {
		s.fail(fmt.Errorf("the program did not take %s %d in time: %w", p.op, p.id, context.Cause(ctx)))
		_ = s.program.in.Close()
	})
	n, err := s.program.in.Write(append(line, '\n'))
	unhook()
	if err == nil {
		return p, nil
	}
	s.withdraw(p)
	if ended := s.program.hasEnded(lastWords, ctx.Done()); ended { // which says more than a broken pipe
		select {
		case <-s.broken:
		case <-ctx.Done():
		}
	}
	s.fail(fmt.Errorf("the program took no question: %w", err))
	err = over(s.failure())
	if n == 0 {
		err = fmt.Errorf("%w: %w", actors.ErrNotSent, err)
	}
	return nil, err
}

// clear waits until the question before is answered.
func (s *session) clear(ctx context.Context) error {
	s.mu.Lock()
	before, err := s.pending, s.err
	s.mu.Unlock()
	switch {
	case err != nil:
		return over(err)
	case before == nil:
		return context.Cause(ctx)
	}
	select {
	case <-before.answered:
		return context.Cause(ctx)
	case <-s.broken:
		return over(s.failure())
	case <-ctx.Done():
		return fmt.Errorf("the program still owes the answer to %s %d, asked %v ago", before.op, before.id, time.Since(before.asked).Round(time.Millisecond))
	}
}

// next numbers the question and notes that it has no answer.
func (s *session) next(q question, ctx context.Context) *pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	now := time.Now()
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = now.Add(forever)
	}
	h := q.top()
	h.ID, h.Ms, h.Until = s.asked, deadline.Sub(now).Milliseconds(), deadline.UnixMilli()
	s.pending = &pending{op: h.Op, id: h.ID, asked: now, answer: make(chan *answer, 1), answered: make(chan struct{})}
	return s.pending
}

// withdraw forgets a question that was not asked.
func (s *session) withdraw(p *pending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == p {
		s.pending = nil
	}
}

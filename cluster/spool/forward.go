package spool

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster/spans"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// tick is how often the link is looked at.
	tick = 50 * time.Millisecond
	// retrySink is the first delay after the sink failed; it doubles up to maxRetrySink.
	retrySink    = 100 * time.Millisecond
	maxRetrySink = 5 * time.Second
	// grace is how long an ordered stop waits for what is on its way.
	grace = 500 * time.Millisecond
)

// forwarder sends what is in the stream to the sink. One goroutine at a time runs it, and has all of it but the answers.
//
// While the hub is away nothing is read, and what was on its way is kept as it is. When it is back, all that is in the
// stream by then is for the backfill, and what comes after it is live.
type forwarder struct {
	s      *Spool
	engine *engine

	mu      sync.Mutex
	answers []answer
	thens   []func() error // of what was done aside
	wake    chan struct{}  // holds one token when there are answers, or something came

	made    int64              // when the stream was made that ledger is about
	ledger  spans.Set          // messages of the stream that need no more sending: the hub has them, or they were dropped
	claimed map[uint64]*flight // messages that are on their way
	live    *lane
	back    *lane
	flights map[*flight]struct{}
	pace    *pace

	up      bool      // the hub takes readings
	lost    time.Time // when it ceased to
	backAt  time.Time // when the backfill may begin
	news    news      // what was just stored
	declare map[string]bool

	aside   sync.WaitGroup // what reads and writes beside the loop
	reading bool           // a page for the backfill
	keep    keeping
}

// answer is what the sink said to a batch.
type answer struct {
	flight *flight
	at     time.Time
	err    error
}

func newForwarder(s *Spool) *forwarder {
	return &forwarder{
		s: s, wake: make(chan struct{}, 1), claimed: map[uint64]*flight{}, flights: map[*flight]struct{}{},
		live: newLane(false), back: newLane(true), pace: newPace(s.config.BackfillRate), declare: map[string]bool{},
	}
}

// frontier is up to which message none need any more sending.
func (f *forwarder) frontier() uint64 { return f.ledger.Next(1) - 1 }

func (f *forwarder) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// run sends until ctx ends, or stopping is closed and what was on its way is answered, or the disk fails: then it
// returns why.
func (f *forwarder) run(ctx context.Context, stopping <-chan struct{}, e *engine) error {
	f.engine, f.up, f.reading = e, false, false
	f.keep.begin(time.Now())
	f.thens = nil
	defer f.aside.Wait()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	var deadline <-chan time.Time
	for {
		wait, err := f.step(ctx)
		if err != nil {
			return err
		}
		if deadline != nil && f.idle() {
			return f.save()
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-f.wake:
		case <-timer:
		case <-ticker.C:
		case <-stopping:
			stopping, deadline = nil, time.After(grace)
		case <-deadline:
			return f.save()
		case <-ctx.Done():
			return nil
		}
	}
}

// idle reports whether nothing that could be sent soon is left.
func (f *forwarder) idle() bool {
	if !f.up {
		return true
	}
	return len(f.flights) == 0 && len(f.live.devices) == 0 && f.news.none()
}

// step does all that can be done now. It returns how long to wait, if there is nothing to wait for but time.
func (f *forwarder) step(ctx context.Context) (wait time.Duration, err error) {
	now := time.Now()
	if err := f.resume(); err != nil {
		return 0, err
	}
	if err := f.settle(ctx, now); err != nil {
		return 0, err
	}
	if err := f.look(ctx, now); err != nil {
		return 0, err
	}
	if f.up {
		if err := f.sendLive(ctx, now); err != nil {
			return 0, err
		}
		wait = f.sendBack(ctx, now)
	}
	f.upkeep(ctx, now)
	return wait, nil
}

// look finds out whether the hub is there, and tries again what failed.
func (f *forwarder) look(ctx context.Context, now time.Time) error {
	connected := f.s.config.Link.IsConnected()
	switch {
	case !connected && f.up:
		f.lower(now)
	case connected && !f.up && len(f.flights) == 0:
		return f.raise(ctx, now)
	case connected && !f.up:
		for flight := range f.flights {
			if !flight.due.IsZero() && !now.Before(flight.due) {
				f.give(flight)
			}
		}
	}
	return nil
}

// lower stops reading: the hub is away.
func (f *forwarder) lower(now time.Time) {
	f.up, f.lost = false, now
	f.news.listen(false)
	f.live.clear()
	f.back.clear()
}

// raise begins to send: all that is there by now is late, and what comes is live.
func (f *forwarder) raise(ctx context.Context, now time.Time) error {
	f.news.listen(true)
	state, err := f.engine.state(ctx)
	if err != nil {
		return err
	}
	f.up = true
	f.back.follow(f.frontier()+1, state.LastSeq)
	f.live.follow(state.LastSeq+1, endless)
	f.backAt = now
	if most := f.s.config.Spread; most > 0 {
		if !f.lost.IsZero() {
			most = min(most, now.Sub(f.lost))
		}
		f.backAt = now.Add(rand.N(most + 1))
	}
	return nil
}

// sendLive sends what was just stored. It is read from the stream only where too much came at once.
func (f *forwarder) sendLive(ctx context.Context, now time.Time) error {
	for _, m := range f.news.take(f.live.next) {
		f.live.next = m.sequence + 1
		f.add(f.live, m)
	}
	if f.news.missing(now) && !f.live.full() {
		n, err := f.read(ctx, f.live)
		if err != nil {
			return err
		}
		if n == 0 {
			f.news.found()
		} else {
			f.signal() // there may be more
		}
	}
	f.launch(f.live)
	return nil
}

// sendBack reads and sends some of what piled up, unless something live has to wait, and returns when to go on.
func (f *forwarder) sendBack(ctx context.Context, now time.Time) (wait time.Duration) {
	if wait := f.backAt.Sub(now); wait > 0 {
		return wait
	}
	if len(f.live.ready) > 0 && f.live.flying >= maxFlying {
		return 0
	}
	f.readBack(ctx)
	f.launchDebts()
	return f.launch(f.back)
}

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
	if len(page) == 0 && l.end != endless {
		l.next = l.end + 1
	}
	for _, m := range page {
		if m.sequence > l.end {
			l.next = l.end + 1
			break
		}
		l.next = m.sequence + 1
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
	e, from := f.engine, f.back.next
	f.beside(func() func() error {
		page, err := e.back.page(ctx, from, pageMessages, pageBytes)
		return func() error {
			f.reading = false
			if err == nil && f.up && f.back.next == from {
				f.fill(f.back, page)
			}
			return err
		}
	})
}

// beside does something in a goroutine of its own, and what it returns in the loop.
func (f *forwarder) beside(work func() (then func() error)) {
	f.aside.Go(func() {
		then := work()
		f.mu.Lock()
		f.thens = append(f.thens, then)
		f.mu.Unlock()
		f.signal()
	})
}

// resume goes on with what was done aside.
func (f *forwarder) resume() error {
	f.mu.Lock()
	thens := f.thens
	f.thens = nil
	f.mu.Unlock()
	for _, then := range thens {
		if err := then(); err != nil {
			return err
		}
	}
	return nil
}

// settle takes in what the sink answered.
func (f *forwarder) settle(ctx context.Context, now time.Time) error {
	f.mu.Lock()
	answers := f.answers
	f.answers = nil
	f.mu.Unlock()
	worked := false
	for _, a := range answers {
		worked = f.answered(a, now) || worked
	}
	if worked && !f.up && f.s.config.Link.IsConnected() {
		return f.raise(ctx, now)
	}
	return nil
}

// answered takes in an answer; true if the hub took the batch.
func (f *forwarder) answered(a answer, now time.Time) bool {
	flight := a.flight
	if _, ok := f.flights[flight]; !ok {
		return false
	}
	if a.err != nil && !errors.Is(a.err, roostv1.ErrInvalid) {
		delay := min(retrySink<<min(flight.failures, 10), maxRetrySink)
		flight.failures++
		flight.due = now.Add(delay/2 + rand.N(delay))
		if f.up {
			f.lower(now)
		}
		return false
	}
	if flight.lane.backfill {
		f.pace.answered(now, a.at.Sub(flight.sent))
	}
	f.land(flight)
	if a.err != nil {
		f.refused(flight, a.err)
	}
	return a.err == nil
}

// land ends a flight: its messages need no more sending.
func (f *forwarder) land(flight *flight) {
	delete(f.flights, flight)
	for _, sequence := range flight.sequences {
		delete(f.claimed, sequence)
		f.ledger.AddOne(sequence)
	}
	f.s.settled(flight)
	if flight.debt != nil {
		delete(f.declare, flight.device)
	}
	flight.lane.land(flight)
	f.keep.sent += len(flight.sequences)
	f.keep.changed = true
}

// refused drops a batch that the hub will never take.
func (f *forwarder) refused(flight *flight, err error) {
	f.s.config.Logger.Error("the hub refuses readings for good", "device", flight.device, "error", err)
	if len(flight.sequences) == 0 {
		return
	}
	f.s.owe(flight.batch)
	f.s.tellDropped(err.Error())
}

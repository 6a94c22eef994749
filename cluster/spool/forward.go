package spool

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/roost-iot/roost/cluster/boottime"
	"github.com/roost-iot/roost/cluster/spans"
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

	stepped boottime.Instant
	drain   draining
	up      bool      // the hub takes readings
	lost    time.Time // when it ceased to
	rest    time.Time // how long nothing is tried after something failed that will be read anew
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
	f.noteLag(now)
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
	case connected && !f.up && len(f.flights) == 0 && !now.Before(f.rest):
		return f.raise(ctx, now)
	case connected:
		f.giveAgain(now)
	}
	return nil
}

// giveAgain gives the sink once more what failed, when its time has come: also while the hub takes readings, as each batch
// failed by itself.
func (f *forwarder) giveAgain(now time.Time) {
	for flight := range f.flights {
		if !flight.due.IsZero() && !now.Before(flight.due) {
			f.give(flight)
		}
	}
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
	f.drain.begin(state.LastSeq)
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
		if !f.postpone(m) {
			f.add(f.live, m)
		}
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
	wait = f.launch(f.back)
	f.noteDrained()
	return wait
}

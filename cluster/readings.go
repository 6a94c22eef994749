package cluster

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// storeTimeout bounds the wait for the hub's acknowledgement.
	storeTimeout = 5 * time.Second
	// defaultFlush is how long an ordered stop may take to store what was taken before.
	defaultFlush = 1500 * time.Millisecond
	// writers is how many groups are on their way: one is prepared while the other is synced.
	writers = 2
	// maxQueued bounds the batches that wait. A device has one on its way at most, so that
	// only a gateway with more devices than this comes near it.
	maxQueued = 1 << 18
	// maxTake bounds the readings that one group carries.
	maxTake = 64 << 10
)

// Readings stores the readings of a gateway's devices at the hub, in groups: what has
// piled up while one group was on its way goes in the next, all of it with one sync.
//
// Store may be called by any number of goroutines, also before Run and after its end.
type Readings struct {
	// FlushTimeout bounds the time after the end of Run's context in which what was taken
	// before is stored; default 1.5 s. It is set before Run.
	FlushTimeout time.Duration
	// Late is asked right before a batch is sent whether it is to be marked backfill, since it comes after what may be
	// there already; nil: no batch is that was not given so. It is set before Run, and called by several goroutines.
	Late func(*roostv1.ReadingBatch) bool

	nc      *nats.Conn
	stream  string
	subject func(*roostv1.ReadingBatch) string
	stored  func(b *roostv1.ReadingBatch, sequence uint64)
	log     *slog.Logger

	mu      sync.Mutex
	queue   []pending
	stopped bool
	ready   chan struct{} // holds one token when the queue may have become non-empty

	doubts  doubts
	failing atomic.Bool // the last group could not be stored
}

// pending is a batch whose outcome somebody waits for.
type pending struct {
	batch *roostv1.ReadingBatch
	done  func(error)
}

// NewReadings returns the store for the readings that a gateway of the fleet takes. Nothing is stored before Run.
func NewReadings(nc *nats.Conn, names Subjects, gateway string, log *slog.Logger) *Readings {
	at := func(b *roostv1.ReadingBatch) string { return names.Reading(b.DeviceId, gateway) }
	return NewReadingsAt(nc, names.ReadingsStream(), at, nil, log)
}

// NewReadingsAt is NewReadings for any stream with atomic batches: subject tells where in it a batch
// goes. stored, if it is not nil, is told before done is called under which sequence a batch was stored that is one message.
// Both are called by several goroutines.
func NewReadingsAt(nc *nats.Conn, stream string, subject func(*roostv1.ReadingBatch) string, stored func(b *roostv1.ReadingBatch, sequence uint64), log *slog.Logger) *Readings {
	if stored == nil {
		stored = func(*roostv1.ReadingBatch, uint64) {}
	}
	return &Readings{
		nc: nc, stream: stream, subject: subject, stored: stored, log: orDiscard(log),
		ready:  make(chan struct{}, 1),
		doubts: doubts{of: make(map[readingLane]doubt)},
	}
}

// Store takes a batch and returns at once. done is called exactly once: with nil when the
// batch is durable at the hub, else with the reason why this is not known. The batch can then be
// given again, unchanged; it is not stored twice. It must not be changed before done is
// called. Batches of one device are given one at a time, but those marked backfill beside the others.
//
// done must not block. It may be called before Store returns.
//
// The error is ErrInvalid for a batch that can never be stored, ErrUnavailable while the hub
// is away, ErrBusy if too much is waiting, and ErrOutcomeUnknown if the hub did not answer.
func (r *Readings) Store(batch *roostv1.ReadingBatch, done func(error)) {
	if err := checkBatch(batch); err != nil {
		done(err)
		return
	}
	if err := r.enqueue(pending{batch, done}); err != nil {
		done(err)
	}
}

func (r *Readings) enqueue(p pending) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.stopped:
		return errStopping
	case len(r.queue) >= maxQueued:
		return roostv1.Errorf(roostv1.ErrBusy, "%d batches of readings wait already", maxQueued)
	}
	r.queue = append(r.queue, p)
	r.signal()
	return nil
}

// signal says that the queue may have something; one signal wakes one writer.
func (r *Readings) signal() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// take removes the next group from the queue, into buf.
func (r *Readings) take(buf []pending) []pending {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, readings := 0, 0
	for n < len(r.queue) && n < maxBatch && readings < maxTake {
		readings += len(r.queue[n].batch.GetReadings())
		n++
	}
	buf = append(buf[:0], r.queue[:n]...)
	rest := copy(r.queue, r.queue[n:])
	clear(r.queue[rest:])
	r.queue = r.queue[:rest]
	if rest > 0 {
		r.signal()
	}
	return buf
}

// Run stores what Store takes until ctx ends. From then on Store refuses, and what was
// taken before is stored, within FlushTimeout. Run returns when every done has been
// called. It returns an error only if it cannot work at all. Run is called once.
func (r *Readings) Run(ctx context.Context) error {
	js, err := jetstream.New(r.nc)
	if err != nil {
		return err
	}
	// What was taken when ctx ends is still stored, so the work has a context of its own.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		r.refuse()
		time.AfterFunc(cmp.Or(r.FlushTimeout, defaultFlush), cancel)
	})()

	var group errgroup.Group
	for range writers {
		group.Go(func() error {
			w, err := newReadingWriter(r, js)
			if err != nil {
				return err
			}
			defer w.close()
			return r.write(ctx, work, w)
		})
	}
	err = group.Wait()
	r.finish()
	return err
}

// write stores group after group until ctx ends and the queue is empty.
func (r *Readings) write(ctx, work context.Context, w *readingWriter) error {
	var group []pending
	for {
		if group = r.take(group); len(group) > 0 {
			w.store(work, group)
			continue
		}
		select {
		case <-r.ready:
		case <-ctx.Done():
			if r.empty() {
				return nil
			}
		}
	}
}

func (r *Readings) empty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue) == 0
}

// refuse has Store refuse what comes from now on.
func (r *Readings) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = true
}

// finish refuses also what came after the writers had ended.
func (r *Readings) finish() {
	r.refuse()
	for _, p := range r.queue { // nobody adds to it any more
		p.done(errStopping)
	}
	r.queue = nil
}

// errStopping refuses readings at the end.
var errStopping = roostv1.Errorf(roostv1.ErrUnavailable, "the gateway is stopping: readings are stored no more")

// logOutcome logs when storing begins to fail, and when it works again.
func (r *Readings) logOutcome(err error) {
	switch failed := err != nil; {
	case r.failing.Swap(failed) == failed:
	case failed:
		r.log.Warn("readings cannot be stored", "error", err)
	default:
		r.log.Info("readings are stored again")
	}
}

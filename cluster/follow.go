package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Follower keeps a picture of the control stream up to date. It reads with one consumer;
// whenever that one breaks, or falls silent, it lists the stream anew.
type Follower struct {
	tail    tail
	picture *Picture
	again   chan struct{} // holds a token when the consumer is to be replaced

	following atomic.Bool // the listing is complete
	report    func(*roostv1.Event)
	log       *slog.Logger
}

// NewFollower returns a follower that fills picture. report is told of records that cannot
// be used, once of each, and must not block; it may be nil.
func NewFollower(nc *nats.Conn, names Subjects, picture *Picture, report func(*roostv1.Event), log *slog.Logger) (*Follower, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	if report == nil {
		report = func(*roostv1.Event) {}
	}
	return &Follower{
		tail:    tail{js: js, stream: names.ControlStream(), filter: names.root + ">"},
		picture: picture,
		again:   make(chan struct{}, 1),
		report:  report,
		log:     orDiscard(log),
	}, nil
}

// Run follows the stream until ctx ends, and then returns nil. While the hub is away the
// picture stays as it is.
func (f *Follower) Run(ctx context.Context) error {
	listed := true
	for {
		err := f.followUntil(ctx, func() { listed = true })
		if ctx.Err() != nil {
			return nil
		}
		rest := pause
		if listed { // else it was said before
			f.log.Warn("control stream will be listed anew", "reason", err)
			rest = briefPause // mostly the hub is there again: who has no picture cannot tell who is silent
		}
		listed = false
		if !rest(ctx) {
			return nil
		}
	}
}

// Replace has the stream listed anew, by a new consumer. It is for whoever knows that the present
// one has fallen behind, and does not wait.
func (f *Follower) Replace() {
	select {
	case f.again <- struct{}{}:
	default:
	}
}

// errReplaced ends a consumer that fell behind.
var errReplaced = roostv1.Errorf(roostv1.ErrUnavailable, "the consumer fell behind the stream")

// replaceable returns a context that also ends when the consumer is to be replaced.
func (f *Follower) replaceable(ctx context.Context) (context.Context, context.CancelFunc) {
	select {
	case <-f.again: // it was meant for the one before
	default:
	}
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() { // ends with the context
		defer close(watched)
		select {
		case <-f.again:
			cancel(errReplaced)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-watched
	}
}

// List fills the picture once and returns. The error is ErrUnavailable if the hub is away.
func (f *Follower) List(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := f.followUntil(ctx, func() { cancel(errListed) })
	if context.Cause(ctx) == errListed {
		return nil
	}
	return err
}

// errListed ends the follower of a List.
var errListed = errors.New("the stream is listed")

// followUntil follows the stream with one consumer until that breaks or ctx ends. It calls
// listed when the picture has caught up with the stream.
func (f *Follower) followUntil(ctx context.Context, listed func()) error {
	ctx, release := f.replaceable(ctx)
	defer release()
	defer f.following.Store(false)
	l := listing{picture: f.picture, done: func() {
		f.following.Store(true)
		listed()
	}}
	each := func(m message) error {
		l.before(m)
		f.apply(m)
		l.after(m)
		return ctx.Err()
	}
	return f.tail.read(ctx, jetstream.ConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy}, l.begin, each)
}

// Following reports whether the stream is followed, and not being listed.
func (f *Follower) Following() bool { return f.following.Load() }

// listing is the beginning of a consumer's life: the last record of every subject. A record that
// is replaced before it is delivered is delivered later, so there are two ends: all that was there
// at the beginning has come or has been replaced; and nothing more is on its way, so that what has not
// come is gone.
type listing struct {
	picture *Picture
	done    func() // called at the second
	last    uint64 // sequence of the stream's last message at the beginning
	listed  bool
	swept   bool
}

func (l *listing) begin(at tailStart) {
	l.last = at.last
	l.picture.begin(at.created)
	if at.pending == 0 {
		l.sweep()
	}
}

// before looks at a message that is about to be applied.
func (l *listing) before(m message) {
	if m.sequence > l.last {
		l.list()
	}
}

// after looks at a message that was applied.
func (l *listing) after(m message) {
	if m.pending == 0 {
		l.sweep()
	}
}

func (l *listing) list() {
	if l.listed {
		return
	}
	l.listed = true
	l.picture.end()
}

func (l *listing) sweep() {
	if l.swept {
		return
	}
	l.swept = true
	l.list()
	l.picture.sweep()
	l.done()
}

func (f *Follower) apply(m message) {
	err := f.picture.apply(m)
	if err == nil {
		return
	}
	f.log.Error("record cannot be used", "subject", m.subject, "sequence", m.sequence, "error", err)
	f.report(badRecord(m.subject, m.sequence, err))
}

// badRecord is the event that tells of a record that cannot be used.
func badRecord(subject string, sequence uint64, err error) *roostv1.Event {
	return &roostv1.Event{
		Kind:    roostv1.EventKind_EVENT_KIND_BAD_RECORD,
		Message: fmt.Sprintf("record %s at sequence %d cannot be used: %v", subject, sequence, err),
		Status:  roostv1.StatusOf(err),
	}
}

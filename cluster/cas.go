package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// casTimeout bounds the wait for one answer of the hub, casPatience that for the outcome
	// of one write.
	casTimeout  = 5 * time.Second
	casPatience = 3 * casTimeout
	// casTries bounds how often a write that was not decided is tried again.
	casTries = 8
	// casSingly is the most writes that are made each on its own; see singly.
	casSingly = singly
	// casTogether is the most writes of a refused batch that are sent all at once, each on its own: that is one way to the
	// hub and back, and a sync of its disk for each. More are cut in half, which is a way and a sync for each half.
	casTogether = 128
	// casBatchBytes bounds the data of one batch.
	casBatchBytes = 8 << 20
)

// write is a record that is to replace the one that its writer knows of: compare and set.
// Two writes are never equal in their data unless they mean the same, since the records of
// owners and members hold a nonce: so whoever reads his own data back knows that he wrote it.
type write struct {
	subject string
	expect  uint64 // sequence of the record that it replaces; 0: there is none
	data    []byte
	forever bool  // it must never expire
	unfit   error // why the record cannot be written at all

	sequence uint64 // of the record, once it is written
	doubtful bool   // a try was not answered: if another record is there, this one may have been before it
	err      error  // ErrConflict: another record is there; see also publisher
}

// recordWrite returns the write of a record. One that cannot be encoded fails when it is made.
func recordWrite(subject string, expect uint64, record proto.Message) *write {
	data, err := roostv1.Marshal(record, false)
	return &write{subject: subject, expect: expect, data: data, unfit: err}
}

// casWriter makes conditional writes. One goroutine at a time uses it.
type casWriter struct {
	out  *publisher
	js   jetstream.JetStream
	name string

	mu     sync.Mutex
	stream jetstream.Stream // nil until first needed
}

func newCASWriter(nc *nats.Conn, names Subjects) (*casWriter, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("use JetStream: %w", err)
	}
	out, err := newPublisher(nc)
	if err != nil {
		return nil, err
	}
	return &casWriter{out: out, js: js, name: names.ControlStream()}, nil
}

func (c *casWriter) close() { c.out.close() }

// all makes the writes in their order, each subject once, and notes in each what became
// of it. Many go in atomic batches, with one sync for each. A batch that is refused for one of
// its writes is taken apart, so that no write fails for another one.
func (c *casWriter) all(ctx context.Context, writes []*write) {
	for len(writes) > 0 {
		n, size := 0, 0
		for n < min(len(writes), maxBatch) && (n == 0 || size+len(writes[n].data) <= casBatchBytes) {
			size += len(writes[n].data)
			n++
		}
		c.some(ctx, writes[:n])
		writes = writes[n:]
	}
}

func (c *casWriter) some(ctx context.Context, writes []*write) {
	if len(writes) <= casSingly {
		c.each(ctx, writes)
		return
	}
	err := c.batch(ctx, writes)
	switch {
	case err == nil:
	case refusedWith(err, codeWrongSequence, codeWriteInFlight) && len(writes) > casTogether:
		half := len(writes) / 2
		c.some(ctx, writes[:half])
		c.some(ctx, writes[half:])
	case refusedWith(err, codeWrongSequence, codeWriteInFlight):
		c.each(ctx, writes)
	case errors.Is(err, roostv1.ErrOutcomeUnknown):
		c.each(ctx, writes) // finds out
	case errors.Is(err, roostv1.ErrInvalid):
		c.each(ctx, writes) // one of them
	default:
		for _, w := range writes {
			w.err = fmt.Errorf("write %s: %w", w.subject, hubError(ctx, err))
		}
	}
}

// each makes the writes, each on its own. All are sent before the first answer comes, and what has to be read back is read
// at once: the hub may be far away. When it cannot be reached for one that is not decided yet, the others are
// not tried again.
func (c *casWriter) each(ctx context.Context, writes []*write) {
	c.send(ctx, writes)
	undecided := make([]bool, len(writes))
	var reads sync.WaitGroup
	for i, w := range writes {
		if w.err != nil {
			reads.Go(func() { undecided[i] = c.judge(ctx, w) })
		}
	}
	reads.Wait()
	reachable := true
	for i, w := range writes {
		c.finish(ctx, w, undecided[i] && reachable)
		reachable = reachable && !(undecided[i] && away(w.err))
	}
}

// send tries each write once.
func (c *casWriter) send(ctx context.Context, writes []*write) {
	ctx, cancel := context.WithTimeout(ctx, casTimeout)
	defer cancel()
	c.out.each(ctx, len(writes), func(i int, m *nats.Msg) error {
		return writes[i].fill(m)
	}, func(i int, ack pubAck, err error) {
		writes[i].sequence, writes[i].err = ack.Sequence, err
	})
}

// batch makes all of the writes, or none.
func (c *casWriter) batch(ctx context.Context, writes []*write) error {
	ctx, cancel := context.WithTimeout(ctx, casTimeout)
	defer cancel()
	ack, err := c.out.batch(ctx, len(writes), func(i int, m *nats.Msg) error {
		return writes[i].fill(m)
	})
	if err != nil {
		return err
	}
	for i, w := range writes {
		w.sequence, w.err = ack.Sequence-uint64(len(writes)-1-i), nil
	}
	return nil
}

// one makes a write. It does not give up while the outcome is open: a write that was not
// answered, or met another one on its way, is read back and tried again.
func (c *casWriter) one(ctx context.Context, w *write) {
	c.send(ctx, []*write{w})
	c.finish(ctx, w, c.judge(ctx, w))
}

// judge reads back what a try did not decide, and reports whether it is open still. It may be called for several writes at
// the same time.
func (c *casWriter) judge(ctx context.Context, w *write) (undecided bool) {
	unknown := errors.Is(w.err, roostv1.ErrOutcomeUnknown)
	w.doubtful = w.doubtful || unknown
	return (unknown || refusedWith(w.err, codeWriteInFlight, codeWrongSequence)) && c.readBack(ctx, w)
}

// finish tries a write again while it is open, and says what became of it.
func (c *casWriter) finish(ctx context.Context, w *write, undecided bool) {
	ctx, cancel := context.WithTimeout(ctx, casPatience)
	defer cancel()
	for try := 1; undecided && try < casTries && jitter(ctx, try); try++ {
		c.send(ctx, []*write{w})
		undecided = c.judge(ctx, w)
	}
	switch {
	case refusedWith(w.err, codeWriteInFlight):
		w.err = roostv1.Errorf(roostv1.ErrBusy, "write %s: others write it all the time", w.subject)
	case refusedWith(w.err, codeWrongSequence):
		w.err = roostv1.Errorf(roostv1.ErrConflict, "write %s: the record to replace is not at sequence %d", w.subject, w.expect)
	case w.err != nil:
		w.err = fmt.Errorf("write %s: %w", w.subject, hubError(ctx, w.err))
	}
}

// readBack finds out what became of a write, and returns false once it is decided: the record is
// there, or another one is. What a read says is out of date at worst, which only means that the
// write is tried once more.
func (c *casWriter) readBack(ctx context.Context, w *write) (undecided bool) {
	sequence, data, err := c.read(ctx, w.subject)
	switch {
	case err != nil:
		return true
	case bytes.Equal(data, w.data) && sequence > w.expect:
		w.sequence, w.err = sequence, nil
		return false
	case sequence > w.expect:
		w.err = roostv1.Errorf(roostv1.ErrConflict, "another record was written, at sequence %d, to replace that at %d", sequence, w.expect)
		return false
	case sequence < w.expect:
		// The read was out of date, or the caller knows a sequence that never was. The
		// server's word on that is in w.err.
		return true
	}
	return true
}

// read returns the last record of a subject as the stream's leader has it; sequence 0 if there
// is none.
func (c *casWriter) read(ctx context.Context, subject string) (sequence uint64, data []byte, err error) {
	ctx, unlink := whileConnected(ctx, c.js.Conn())
	defer unlink()
	ctx, cancel := context.WithTimeout(ctx, casTimeout)
	defer cancel()
	stream, err := c.control(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("read %s: %w", subject, hubError(ctx, err))
	}
	last, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read %s: %w", subject, hubError(ctx, err))
	}
	return last.Sequence, last.Data, nil
}

// control returns the stream, which is looked up when it is first needed.
func (c *casWriter) control(ctx context.Context) (jetstream.Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream == nil {
		stream, err := c.js.Stream(ctx, c.name)
		if err != nil {
			return nil, err
		}
		c.stream = stream
	}
	return c.stream, nil
}

func (w *write) fill(m *nats.Msg) error {
	if w.unfit != nil {
		return w.unfit
	}
	m.Subject, m.Data = w.subject, w.data
	m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(w.expect, 10)}
	if mutant("lease-no-cas") {
		delete(m.Header, jetstream.ExpectedLastSubjSeqHeader)
	}
	delete(m.Header, jetstream.MsgTTLHeader)
	if w.forever {
		m.Header[jetstream.MsgTTLHeader] = []string{"never"}
	}
	return nil
}

// jitter waits a little before the next try; it returns false when ctx has ended.
func jitter(ctx context.Context, try int) bool {
	timer := time.NewTimer(rand.N(time.Duration(try) * 20 * time.Millisecond))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

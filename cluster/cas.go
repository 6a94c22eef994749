package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
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
	out    *publisher
	js     jetstream.JetStream
	name   string
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
	case refusedWith(err, codeWrongSequence, codeWriteInFlight):
		half := len(writes) / 2
		c.some(ctx, writes[:half])
		c.some(ctx, writes[half:])
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

// each makes the writes one by one. When the hub cannot be reached for one, the others
// are not tried.
func (c *casWriter) each(ctx context.Context, writes []*write) {
	var failed error
	for _, w := range writes {
		if failed != nil {
			w.err = failed
			continue
		}
		if c.one(ctx, w); away(w.err) {
			failed = w.err
		}
	}
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
	ctx, cancel := context.WithTimeout(ctx, casPatience)
	defer cancel()
	for try := 1; ; try++ {
		w.sequence, w.err = c.try(ctx, w)
		w.doubtful = w.doubtful || errors.Is(w.err, roostv1.ErrOutcomeUnknown)
		undecided := errors.Is(w.err, roostv1.ErrOutcomeUnknown) || refusedWith(w.err, codeWriteInFlight)
		if undecided || refusedWith(w.err, codeWrongSequence) {
			undecided = c.readBack(ctx, w)
		}
		if !undecided || try == casTries || !jitter(ctx, try) {
			break
		}
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

func (c *casWriter) try(ctx context.Context, w *write) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, casTimeout)
	defer cancel()
	m := &nats.Msg{Header: nats.Header{}}
	if err := w.fill(m); err != nil {
		return 0, err
	}
	ack, err := c.out.one(ctx, m)
	return ack.Sequence, err
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
	if c.stream == nil {
		if c.stream, err = c.js.Stream(ctx, c.name); err != nil {
			return 0, nil, fmt.Errorf("read %s: %w", subject, hubError(ctx, err))
		}
	}
	last, err := c.stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("read %s: %w", subject, hubError(ctx, err))
	}
	return last.Sequence, last.Data, nil
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

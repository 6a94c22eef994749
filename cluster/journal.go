package cluster

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Journal writes the records of commands to the control stream, each on a condition that the hub checks: who owns
// the device's bus writes only while nobody has owned it since, and a command is accepted only where nothing is
// recorded of it. It goes on trying, also while the hub is away, until it is certain what became of a write.
//
// All methods may be called concurrently, and none waits. One goroutine sends what they ask for and takes
// the answers; it waits for no single one. See entry for what is in its way at one time.
type Journal struct {
	nc    *nats.Conn
	names Subjects
	clock boottime.Clock
	dedup time.Duration // for which what has ended is kept for its id
	// stored is told of the records that this gateway has made durable; nil: nobody is.
	stored func(key string, record *roostv1.CommandRecord)
	// local stores the records of commands that this gateway accepted without the hub; nil: there are none.
	local *Edge

	wake chan struct{} // holds a token when given is not empty

	mu    sync.Mutex
	given []*entry // not taken by the goroutine yet
	ended error    // why nothing is taken any more; nil: it is
}

func newJournal(nc *nats.Conn, names Subjects, clock boottime.Clock, dedup time.Duration) *Journal {
	return &Journal{
		nc: nc, names: names, clock: clock, wake: make(chan struct{}, 1),
		dedup: dedup,
	}
}

// wholeSeconds is a duration as the server takes it for a TTL.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// Record replaces the record of a command of a device on the bus, as the bus's owner under the epoch. It goes on
// trying until it is certain what became of the record, and then calls done once, on any goroutine, which must not
// block:
//
//	nil                  the record is durable
//	roostv1.ErrNotOwner  the bus has another owner: nothing can be recorded under this epoch any more
//	roostv1.ErrInvalid   the record can never be stored, and was not
//	any other            it was given up since the gateway stops; it may be durable
//
// Records of one command are made durable in the order in which they are given, and so are those of one bus that
// are not QUEUED. QUEUED ones let others pass: a device is not waited with so that it is written that others wait. One
// that is followed by a later record of its command before it was sent is left out, since that tells its
// story too, and has that one's outcome. The record must not be changed afterwards. What a record that is too large loses is said in its evidence.
//
// The record of a command that this gateway accepted while the hub was away is made durable on its own disk; see
// [Gateway.SubmitLocal].
func (j *Journal) Record(bus string, epoch uint64, record *roostv1.CommandRecord, done func(error)) {
	if j.local != nil && record.GetLocalGateway() == j.local.gateway {
		j.local.record(bus, epoch, record, done)
		return
	}
	j.recordAtHub(bus, epoch, record, func(_ uint64, err error) { done(err) })
}

// recordAtHub is Record for what the hub is to have; done is told the sequence of the record too.
func (j *Journal) recordAtHub(bus string, epoch uint64, record *roostv1.CommandRecord, done func(sequence uint64, err error)) {
	// Also where the same is written twice, each knows its own.
	j.recordAs(newNonce(), bus, epoch, record, done)
}

// recordAs is recordAtHub by a nonce by which a later process knows the record again.
func (j *Journal) recordAs(nonce, bus string, epoch uint64, record *roostv1.CommandRecord, done func(sequence uint64, err error)) {
	key := commandKey(record.GetDeviceId(), record.GetCommandId())
	e := &entry{
		lane: bus, epoch: epoch, expect: epoch, of: j.names.Owner(bus),
		subject: j.names.Command(record.GetDeviceId(), record.GetCommandId()),
	}
	e.patient = record.GetState() == roostv1.CommandState_COMMAND_STATE_QUEUED
	if record.GetState().Final() {
		e.ttl = wholeSeconds(j.dedup)
	}
	var written *roostv1.CommandRecord
	e.nonce = nonce
	e.data, written, e.unfit = encodeRecord(record, nonce)
	e.done = func(sequence uint64, _ *stored, err error) {
		if err == nil && j.stored != nil {
			j.stored(key, written)
		}
		done(sequence, err)
	}
	if err := checkCommandKey(key); err != nil {
		e.unfit = err
	}
	j.give(e)
}

func checkCommandKey(key string) error { return Key{KindCommand, key}.check() }

// encodeRecord returns a record as it is written, encoded with a nonce.
func encodeRecord(record *roostv1.CommandRecord, nonce string) (data []byte, written *roostv1.CommandRecord, err error) {
	data, written, err = fitRecord(record)
	if err != nil {
		return nil, nil, err
	}
	// Appended, it takes the place of the one in the record, which is not ours to change.
	data = protowire.AppendTag(data, fieldNonce, protowire.BytesType)
	return protowire.AppendString(data, nonce), written, nil
}

// fieldNonce is CommandRecord.nonce.
const fieldNonce protowire.Number = 19

// create writes something where nothing is. It is given up at the deadline, and when its outcome is
// known done is told it once: the sequence; or what was there already, with ErrConflict; ErrUnavailable: it is
// certainly not written; ErrOutcomeUnknown: it may be.
func (j *Journal) create(subject string, data []byte, ttl string, deadline boottime.Instant, done func(sequence uint64, there *stored, err error)) {
	j.give(&entry{subject: subject, of: subject, data: data, ttl: ttl, nonce: uuid.NewString(), deadline: deadline, done: done})
}

// read reads the last record of a subject, as the stream's leader has it; nil if there is none.
func (j *Journal) read(subject string, deadline boottime.Instant, done func(there *stored, err error)) {
	j.give(&entry{
		subject: subject, reading: true, question: true, deadline: deadline,
		done: func(_ uint64, there *stored, err error) { done(there, err) },
	})
}

// replace makes a conditional write, and does not say what became of it.
func (j *Journal) replace(w *write, deadline boottime.Instant) {
	m := &nats.Msg{Header: nats.Header{}}
	if w.fill(m) != nil {
		return
	}
	j.give(&entry{
		subject: w.subject, of: w.subject, expect: w.expect, data: w.data, forever: w.forever, nonce: uuid.NewString(), deadline: deadline,
		done: func(uint64, *stored, error) {},
	})
}

func (j *Journal) give(e *entry) {
	j.mu.Lock()
	ended := j.ended
	if ended == nil {
		j.given = append(j.given, e)
	}
	j.mu.Unlock()
	if ended != nil {
		go e.done(0, nil, ended) // whoever gives something may hold what done needs
		return
	}
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

func (j *Journal) take() []*entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	given := j.given
	j.given = nil
	return given
}

// end lets nothing in any more, and returns what was not taken.
func (j *Journal) end(why error) []*entry {
	j.mu.Lock()
	j.ended = why
	j.mu.Unlock()
	return j.take()
}

// run writes until ctx ends. What is not decided by then is given up.
func (j *Journal) run(ctx context.Context) error {
	c, err := newClerk(j)
	if err != nil {
		return err
	}
	defer c.close()
	c.run(ctx)
	return nil
}

// header returns what a write is conditional on, and what the hub is to do with it.
func (e *entry) header() nats.Header {
	h := nats.Header{
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(e.expect, 10)},
		jetstream.MsgIDHeader:               {e.nonce},
	}
	if e.of != e.subject {
		h[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{e.of}
		if mutant("no-hub-fence") || mutant("no-fence") {
			delete(h, jetstream.ExpectedLastSubjSeqHeader)
			delete(h, jetstream.ExpectedLastSubjSeqSubjHeader)
		}
	}
	if e.ttl != "" {
		h[jetstream.MsgTTLHeader] = []string{e.ttl}
	}
	if e.forever {
		h[jetstream.MsgTTLHeader] = []string{"never"}
	}
	return h
}

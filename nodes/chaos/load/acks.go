package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/chaos/history"
	"github.com/roost-iot/roost/nodes/chaos/proxy"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// Headers of an atomic batch: only its last message is acknowledged, and all others with it.
const (
	headerBatch       = "Nats-Batch-Id"
	headerBatchCommit = "Nats-Batch-Commit"
)

// maxBatches is how many batches of a connection may be begun and not committed; what was begun before that is forgotten.
const maxBatches = 16

// Acks writes down which readings and which records of leases the hub acknowledges, as it is seen on the way to the gateway,
// also if it does not arrive there. Leases replace each other in the hub's stream, so that who reads that may miss some. Tap
// is what a proxy calls for each connection.
type Acks struct {
	readings, members []byte // what their subjects begin with
	history           *history.Writer

	mu      sync.RWMutex
	stopped bool
}

// NewAcks returns an Acks for a fleet.
func NewAcks(names cluster.Subjects, to *history.Writer) *Acks {
	return &Acks{
		readings: []byte(strings.TrimSuffix(names.Reading("*", "*"), "*.*")), members: []byte(names.Member("")), history: to,
	}
}

// Stop ends the writing: when it returns, nothing is added any more.
func (a *Acks) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
}

// Tap returns what looks at one connection.
func (a *Acks) Tap() proxy.Tap {
	return &ackTap{acks: a, sent: map[string][]record{}, batches: map[string][]record{}}
}

// write writes down that records were acknowledged, the last of them at a sequence of its stream.
func (a *Acks) write(all []record, sequence uint64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.stopped {
		return
	}
	for i, r := range all {
		_ = a.history.Write(r(sequence - uint64(len(all)-1-i))) // found out when it is closed
	}
}

// record is what is written down of a message when its sequence is known.
type record func(sequence uint64) history.Record

// ackTap looks at one connection of a gateway to a hub.
type ackTap struct {
	acks *Acks

	mu      sync.Mutex
	sent    map[string][]record // by the subject to which the acknowledgement comes
	batches map[string][]record // by the id of a batch that is not committed
}

// Wants asks for what publishes readings or a lease, and for what answers that.
func (t *ackTap) Wants(d proxy.Direction, verb proxy.Verb, subject []byte) bool {
	if d == proxy.Up {
		return verb == proxy.VerbHPub && (bytes.HasPrefix(subject, t.acks.readings) || bytes.HasPrefix(subject, t.acks.members))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.sent[string(subject)]
	return ok
}

// Message takes one.
func (t *ackTap) Message(d proxy.Direction, m *proxy.Message) {
	if d == proxy.Up {
		t.published(m)
		return
	}
	t.mu.Lock()
	all := t.sent[string(m.Subject)]
	delete(t.sent, string(m.Subject))
	t.mu.Unlock()
	var ack struct {
		Sequence uint64 `json:"seq"`
		Batch    int    `json:"count"`
	}
	if m.Verb != proxy.VerbPubAck || json.Unmarshal(m.Payload, &ack) != nil || ack.Batch != 0 && ack.Batch != len(all) {
		return
	}
	t.acks.write(all, ack.Sequence)
}

func (t *ackTap) published(m *proxy.Message) {
	r, err := t.acks.recordOf(m)
	if err != nil {
		return
	}
	batch := header(m.Header, headerBatch)
	t.mu.Lock()
	defer t.mu.Unlock()
	all := []record{r}
	if batch != "" {
		all = append(t.batches[batch], r)
		if header(m.Header, headerBatchCommit) == "" {
			if len(t.batches) >= maxBatches {
				clear(t.batches)
			}
			t.batches[batch] = all
			return
		}
		delete(t.batches, batch)
	}
	if len(m.Reply) > 0 {
		t.sent[string(m.Reply)] = all
	}
}

// recordOf reads what a message would have stored.
func (a *Acks) recordOf(m *proxy.Message) (record, error) {
	if bytes.HasPrefix(m.Subject, a.readings) {
		acked, err := parseMessageID(header(m.Header, jetstream.MsgIDHeader))
		return func(sequence uint64) history.Record {
			acked.Sequence = sequence
			return &acked
		}, err
	}
	var member roostv1.Member
	if _, err := roostv1.Unmarshal(bytes.TrimSuffix(m.Payload, []byte("\r\n")), &member); err != nil {
		return nil, err
	}
	lease := leaseOf(&member)
	lease.OnWay = true                                                                                   // and its time is that of the acknowledgement, behind the hub's
	lease.Previous, _ = strconv.ParseUint(header(m.Header, jetstream.ExpectedLastSubjSeqHeader), 10, 64) // none: 0
	return func(sequence uint64) history.Record {
		lease.Sequence = sequence
		return lease
	}, nil
}

// header returns the first value of a header, as it is sent; "": there is none.
func header(all []byte, name string) string {
	for line := range bytes.Lines(all) {
		key, value, ok := bytes.Cut(line, []byte(":"))
		if ok && string(key) == name {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

var errNoMessageID = errors.New("not the id of a message of readings")

// parseMessageID reads what the id of a message of readings says: PROCESS/DEVICE/EPOCH/FIRST/END, and what else there may be.
func parseMessageID(id string) (a history.Acked, err error) {
	parts := strings.Split(id, "/")
	if len(parts) < 5 {
		return a, errNoMessageID
	}
	var end uint64
	a.Device = parts[1]
	for i, n := range []*uint64{&a.Epoch, &a.First, &end} {
		if *n, err = strconv.ParseUint(parts[2+i], 10, 64); err != nil {
			return a, errNoMessageID
		}
	}
	if end < a.First {
		return a, errNoMessageID
	}
	a.Readings = end - a.First
	return a, nil
}

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
)

// Headers of an atomic batch: only its last message is acknowledged, and all others with it.
const (
	headerBatch       = "Nats-Batch-Id"
	headerBatchCommit = "Nats-Batch-Commit"
)

// maxBatches is how many batches of a connection may be begun and not committed; what was begun before that is forgotten.
const maxBatches = 16

// Acks writes down which readings the hub acknowledges, as it is seen on the way to the gateway, also if it does not arrive
// there. Tap is what a proxy calls for each connection.
type Acks struct {
	prefix  []byte // of subjects of readings
	history *history.Writer

	mu      sync.RWMutex
	stopped bool
}

// NewAcks returns an Acks for the readings of a fleet.
func NewAcks(names cluster.Subjects, to *history.Writer) *Acks {
	return &Acks{prefix: []byte(strings.TrimSuffix(names.Reading("*", "*"), "*.*")), history: to}
}

// Stop ends the writing: when it returns, nothing is added any more.
func (a *Acks) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
}

// Tap returns what looks at one connection.
func (a *Acks) Tap() proxy.Tap {
	return &ackTap{acks: a, sent: map[string][]published{}, batches: map[string][]published{}}
}

// write writes down that readings were acknowledged, the last of them at a sequence of the stream.
func (a *Acks) write(all []published, sequence uint64) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.stopped {
		return
	}
	for i, p := range all {
		_ = a.history.Write(&history.Acked{ // found out when it is closed
			Device: p.device, Epoch: p.epoch, First: p.first, Readings: p.end - p.first, Sequence: sequence - uint64(len(all)-1-i),
		})
	}
}

// published is a message of readings: those from first to before end.
type published struct {
	device            string
	epoch, first, end uint64
}

// ackTap looks at one connection of a gateway to a hub.
type ackTap struct {
	acks *Acks

	mu      sync.Mutex
	sent    map[string][]published // by the subject to which the acknowledgement comes
	batches map[string][]published // by the id of a batch that is not committed
}

// Wants asks for what publishes readings, and for what answers that.
func (t *ackTap) Wants(d proxy.Direction, verb proxy.Verb, subject []byte) bool {
	if d == proxy.Up {
		return verb == proxy.VerbHPub && bytes.HasPrefix(subject, t.acks.prefix)
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
	p, err := parseMessageID(header(m.Header, jetstream.MsgIDHeader))
	if err != nil {
		return
	}
	batch := header(m.Header, headerBatch)
	t.mu.Lock()
	defer t.mu.Unlock()
	all := []published{p}
	if batch != "" {
		all = append(t.batches[batch], p)
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
func parseMessageID(id string) (p published, err error) {
	parts := strings.Split(id, "/")
	if len(parts) < 5 {
		return p, errNoMessageID
	}
	p.device = parts[1]
	for i, n := range []*uint64{&p.epoch, &p.first, &p.end} {
		if *n, err = strconv.ParseUint(parts[2+i], 10, 64); err != nil {
			return p, errNoMessageID
		}
	}
	if p.end < p.first {
		return p, errNoMessageID
	}
	return p, nil
}

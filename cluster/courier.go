package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster/boottime"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// courierPatience is after how long an answer is not expected any more. One that comes
	// later says nothing that is not learned in another way.
	courierPatience = 10 * time.Second
	// courierRoom is more answers than can be on their way within that time.
	courierRoom = 1024
)

// courier carries writes and reads to the control stream, and hands back the answers that come. It
// never waits for any: whoever renews a lease must not stand behind an answer that is late.
// One goroutine uses it.
type courier struct {
	nc      *nats.Conn
	names   Subjects
	clock   boottime.Clock
	sub     *nats.Subscription
	inbox   string
	answers chan *nats.Msg
	token   uint64
	open    map[uint64]errand
	heard   func() // called when the hub has answered
}

// errand is what a message was sent for: done is told the answer.
type errand struct {
	sent boottime.Instant
	done func(data []byte)
}

func newCourier(nc *nats.Conn, names Subjects, clock boottime.Clock, heard func()) (*courier, error) {
	c := &courier{
		nc: nc, names: names, clock: clock,
		inbox: nc.NewInbox() + ".", answers: make(chan *nats.Msg, courierRoom), open: map[uint64]errand{},
		heard: heard,
	}
	sub, err := nc.ChanSubscribe(c.inbox+"*", c.answers)
	if err != nil {
		return nil, fmt.Errorf("listen for answers of the hub: %w", notSent(err))
	}
	c.sub = sub
	return c, nil
}

func (c *courier) close() { _ = c.sub.Unsubscribe() } // fails only where the connection is gone

// write sends a conditional write. done is told what the hub answered, if it does.
func (c *courier) write(w *write, done func(ack pubAck, err error)) error {
	m := &nats.Msg{Header: nats.Header{}}
	if err := w.fill(m); err != nil {
		return err
	}
	return c.send(m, func(data []byte) { done(parseAck(data)) })
}

// post sends a message that replaces whatever is there, and asks for no answer.
func (c *courier) post(subject string, data []byte, header nats.Header) error {
	return notSent(c.nc.PublishMsg(&nats.Msg{Subject: subject, Data: data, Header: header}))
}

// read asks the stream's leader for the last record of a subject. done is told what it has; sequence
// 0 is none. An answer that says neither is dropped, as if it had not come.
func (c *courier) read(subject string, done func(sequence uint64, data []byte)) error {
	return c.send(lastQuestion(c.names, subject), func(data []byte) {
		switch last, ok := parseStored(data); {
		case !ok:
		case last == nil:
			done(0, nil)
		default:
			done(last.sequence, last.data)
		}
	})
}

func (c *courier) send(m *nats.Msg, done func([]byte)) error {
	c.forget()
	c.token++
	m.Reply = c.inbox + strconv.FormatUint(c.token, 10)
	c.open[c.token] = errand{sent: c.clock.Now(), done: done}
	if err := c.nc.PublishMsg(m); err != nil {
		delete(c.open, c.token)
		return notSent(err)
	}
	return nil
}

// take hands an answer to whoever waits for it.
func (c *courier) take(m *nats.Msg) {
	token, err := strconv.ParseUint(strings.TrimPrefix(m.Subject, c.inbox), 10, 64)
	if err != nil {
		return
	}
	e, ok := c.open[token]
	if !ok {
		return
	}
	delete(c.open, token)
	if len(m.Data) == 0 { // nobody took it
		return
	}
	c.heard()
	e.done(m.Data)
}

// forget drops what was sent so long ago that no answer is expected.
func (c *courier) forget() {
	now := c.clock.Now()
	for token, e := range c.open {
		if now.Sub(e.sent) > courierPatience {
			delete(c.open, token)
		}
	}
}

// readMember reads the record of a member; nil if it cannot be used.
func readMember(data []byte) *roostv1.Member {
	m := &roostv1.Member{}
	if err := readRecord(data, m); err != nil {
		return nil
	}
	return m
}

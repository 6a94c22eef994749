package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nuid"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// maxBatch is the most messages that a server takes in one atomic batch.
const maxBatch = 1000

// Headers of the atomic batch (ADR-50).
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
)

// publisher stores messages in streams and tells what became of each.
//
// Its errors are a *jetstream.APIError where the server refused a message; they match
// roostv1.ErrUnavailable where nothing was sent, or nobody took it, and
// roostv1.ErrOutcomeUnknown where the message may or may not be stored.
//
// One goroutine at a time uses a publisher.
type publisher struct {
	nc    *nats.Conn
	sub   *nats.Subscription
	inbox string // what all replies come to, with the message's token behind it
	acks  chan *nats.Msg
	lost  chan nats.Status // the connection was lost
	token uint64           // of the last message that asked for a reply
}

// fill sets subject, data and headers of message i. Headers that one message sets, every
// message sets: they are not taken away in between. Nothing of the message may be kept.
type fill func(i int, m *nats.Msg) error

func newPublisher(nc *nats.Conn) (*publisher, error) {
	p := &publisher{
		nc:    nc,
		inbox: nc.NewInbox() + ".",
		acks:  make(chan *nats.Msg, 2*maxBatch), // late ones of an earlier call may be in between
		lost:  nc.StatusChanged(nats.RECONNECTING, nats.CLOSED),
	}
	sub, err := nc.ChanSubscribe(p.inbox+"*", p.acks)
	if err != nil {
		nc.RemoveStatusListener(p.lost)
		return nil, fmt.Errorf("listen for acknowledgements: %w", notSent(err))
	}
	p.sub = sub
	return p, nil
}

func (p *publisher) close() {
	_ = p.sub.Unsubscribe() // fails only where the connection is gone, and the subscription with it
	p.nc.RemoveStatusListener(p.lost)
}

// each stores n messages, each on its own, and waits for all of them. done is called once for
// every message, in no order.
func (p *publisher) each(ctx context.Context, n int, fill fill, done func(i int, ack pubAck, err error)) {
	p.forget()
	if err := notBegun(ctx); err != nil {
		for i := range n {
			done(i, pubAck{}, err)
		}
		return
	}
	m := &nats.Msg{Header: nats.Header{}}
	open := make(map[uint64]int, n) // by token
	for i := range n {
		err := fill(i, m)
		if err == nil {
			m.Reply = p.reply()
			err = notSent(p.nc.PublishMsg(m))
		}
		if err != nil {
			done(i, pubAck{}, err)
			continue
		}
		open[p.token] = i
	}
	for len(open) > 0 {
		token, reply, err := p.next(ctx)
		if err != nil {
			for _, i := range open {
				done(i, pubAck{}, err)
			}
			return
		}
		if i, ok := open[token]; ok {
			delete(open, token)
			ack, err := parseAck(reply)
			done(i, ack, err)
		}
	}
}

// batch stores n messages, all or none, in one step with one sync to disk. They get
// consecutive sequences that end with the ack's.
func (p *publisher) batch(ctx context.Context, n int, fill fill) (pubAck, error) {
	if n < 1 || n > maxBatch {
		return pubAck{}, fmt.Errorf("batch of %d messages: 1 to %d are allowed", n, maxBatch)
	}
	p.forget()
	if err := notBegun(ctx); err != nil {
		return pubAck{}, err
	}
	if err := p.sendBatch(n, fill); err != nil {
		return pubAck{}, err
	}
	for {
		token, reply, err := p.next(ctx)
		if err != nil {
			return pubAck{}, err
		}
		if token != p.token {
			continue // of an earlier call that did not wait for it
		}
		ack, err := parseAck(reply)
		if err == nil && ack.Count != n {
			err = roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the server stored %d messages of a batch of %d", ack.Count, n)
		}
		return ack, err
	}
}

// notBegun returns an error if it is too late to send anything.
func notBegun(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return roostv1.Errorf(roostv1.ErrUnavailable, "not sent: %v", context.Cause(ctx))
}

// sendBatch sends the messages of a batch; the last one asks for the reply. A batch that
// is not sent to its end is forgotten by the server, and stores nothing.
func (p *publisher) sendBatch(n int, fill fill) error {
	// A message is on the connection's buffer when PublishMsg returns, so one serves them all.
	m := &nats.Msg{Header: nats.Header{headerBatchID: {nuid.Next()}, headerBatchSequence: {""}}}
	sequence := m.Header[headerBatchSequence]
	for i := range n {
		sequence[0] = strconv.Itoa(i + 1)
		if i == n-1 {
			m.Header[headerBatchCommit] = []string{"1"}
			m.Reply = p.reply()
		}
		if err := fill(i, m); err != nil {
			return err
		}
		if err := p.nc.PublishMsg(m); err != nil {
			return notSent(err)
		}
	}
	return nil
}

// reply makes the subject that the next message's reply comes to.
func (p *publisher) reply() string {
	p.token++
	return p.inbox + strconv.FormatUint(p.token, 10)
}

// forget drops what is left of an earlier loss of the connection.
func (p *publisher) forget() {
	for {
		select {
		case <-p.lost:
		default:
			return
		}
	}
}

// next waits for a reply and returns the token of the message that it answers. It does
// not wait for replies that cannot come any more, as the connection was lost.
func (p *publisher) next(ctx context.Context) (uint64, []byte, error) {
	select {
	case m := <-p.acks:
		token, err := strconv.ParseUint(strings.TrimPrefix(m.Subject, p.inbox), 10, 64)
		if err != nil {
			return 0, nil, nil // a stray: no message has token 0
		}
		if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
			return token, nil, nil
		}
		return token, m.Data, nil
	case <-p.lost:
		return 0, nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the connection was lost before the hub answered")
	case <-ctx.Done():
		return 0, nil, roostv1.Errorf(roostv1.ErrOutcomeUnknown, "the hub did not answer: %v", context.Cause(ctx))
	}
}

package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"github.com/gosnmp/gosnmp"

	"github.com/roost-iot/roost/actors"
)

// question is a request without its id.
type question struct {
	kind        gosnmp.PDUType
	community   string
	variables   []gosnmp.SnmpPDU
	repetitions uint32 // of a request for many neighbours
	again       int    // how often it is sent again where no answer comes
}

// agent is the way to the SNMP agent of a device. One question is asked at a time.
type agent struct {
	at     address
	codec  codec
	engine engine // of version 3; with an empty id it is not known
	id     uint32 // of the last message
	socket socket
}

var (
	errNoAnswer = errors.New("no answer")
	longAgo     = time.Unix(1, 0)
)

func newAgent(at address, is access) *agent {
	a := &agent{at: at, id: rand.Uint32N(math.MaxInt32), socket: socket{to: at.agent}}
	a.codec.init(at, is.user)
	return a
}

// ask asks a question and returns the answer. The error is ErrNotSent if not a byte of the question was sent, and a report if the agent did
// not look at it. Else nobody knows.
func (a *agent) ask(ctx context.Context, q *question) (*gosnmp.SnmpPacket, error) {
	conn, err := a.socket.connect(ctx)
	if err != nil {
		return nil, notSent(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(longAgo) })
	answer, err := a.converse(ctx, conn, q)
	var r report
	if untouched := stop(); !untouched || err != nil && !errors.As(err, &r) {
		a.socket.drop(conn) // late answers go to a port that nobody listens at
	}
	if err != nil && ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)) {
		err = fmt.Errorf("%w: %w", err, context.Cause(ctx))
	}
	return answer, err
}

// converse asks on a connection. In version 3 the agent has to be known first.
func (a *agent) converse(ctx context.Context, conn net.Conn, q *question) (*gosnmp.SnmpPacket, error) {
	encode := func(id uint32) ([]byte, error) { return a.codec.encode(q, id) }
	if a.codec.user == nil {
		return a.exchange(ctx, conn, q.again, encode)
	}
	for again := false; ; again = true {
		if err := a.meet(ctx, conn, q); err != nil {
			return nil, notSent(err)
		}
		answer, err := a.exchange(ctx, conn, q.again, encode)
		var r report
		if !errors.As(err, &r) || !r.stale() || q.kind == gosnmp.SetRequest || again {
			return answer, err
		}
	}
}

// exchange sends a message, again if it may be, each time with an id of its own, and waits for the answer to any of them.
func (a *agent) exchange(ctx context.Context, conn net.Conn, again int, encode func(id uint32) ([]byte, error)) (*gosnmp.SnmpPacket, error) {
	if a.id > math.MaxInt32-maxRetries-1 {
		a.id = 0
	}
	first, strays := a.id+1, 0
	for try := 0; ; try++ {
		a.id++
		datagram, err := encode(a.id)
		if err != nil {
			return nil, notSent(err)
		}
		if err := a.send(ctx, conn, datagram); err != nil {
			return nil, ifNotSent(try == 0, err)
		}
		answer, err := a.await(ctx, conn, first, &strays)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return answer, err
		}
		if try == again || ctx.Err() != nil {
			return nil, a.unanswered(try+1, strays)
		}
	}
}

// send sends a datagram, from when on the answer may take its time.
func (a *agent) send(ctx context.Context, conn net.Conn, datagram []byte) error {
	if err := conn.SetDeadline(time.Now().Add(a.at.reply)); err != nil {
		return err
	}
	if ctx.Err() != nil { // looked at after the deadline was set, which else undoes what the end of ctx has set
		return context.Cause(ctx)
	}
	_, err := conn.Write(datagram)
	return err
}

// await waits for the answer to one of the messages from first to the last one. All else that comes is none.
func (a *agent) await(ctx context.Context, conn net.Conn, first uint32, strays *int) (*gosnmp.SnmpPacket, error) {
	for {
		datagram, err := receive(conn)
		if err != nil {
			return nil, err
		}
		message, authentic, err := a.codec.decode(datagram)
		if err != nil || message.Version != a.at.version {
			*strays++
			continue
		}
		answer, err := a.judge(message, authentic, first)
		if answer != nil || err != nil {
			return answer, err
		}
		*strays++
	}
}

// judge tells whether a message is the answer.
func (a *agent) judge(message *gosnmp.SnmpPacket, authentic bool, first uint32) (*gosnmp.SnmpPacket, error) {
	ours := func(id uint32) bool { return id >= first && id <= a.id }
	switch {
	case a.codec.user == nil:
		if message.PDUType != gosnmp.GetResponse || !ours(message.RequestID) {
			return nil, nil
		}
	case message.PDUType == gosnmp.Report && ours(message.MsgID):
		return nil, a.reported(message, authentic)
	case message.PDUType != gosnmp.GetResponse || !authentic || !ours(message.MsgID) || !ours(message.RequestID):
		return nil, nil
	default:
		a.learn(message)
	}
	return message, nil
}

func (a *agent) unanswered(tries, strays int) error {
	err := fmt.Errorf("%w from %s within %v, asked %s", errNoAnswer, a.at.agent, a.at.reply, times(tries))
	if strays > 0 {
		err = fmt.Errorf("%w; what came %s was none", err, times(strays))
	}
	return err
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func notSent(err error) error { return fmt.Errorf("%w: %w", actors.ErrNotSent, err) }

func ifNotSent(is bool, err error) error {
	if is {
		return notSent(err)
	}
	return err
}

package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// answerTime is how long a gateway may not take an answer before its connection is cut.
	answerTime = 5 * time.Second
	// maxSessions is how many sessions there may be on a connection.
	maxSessions = 1 << 16
)

// connection is one connection of a gateway. Its fields belong to its goroutine, except for
// those that are said to be somebody else's.
type connection struct {
	number   uint64
	hardware *Hardware
	socket   net.Conn
	work     sync.WaitGroup // of the sessions

	gateway     string // empty until it has said hello; never changed after that
	incarnation string
	sessions    map[uint64]*session
	last        uint64 // number of a session

	mu  sync.Mutex // one frame at a time; any goroutine
	out []byte
}

// serve answers until the connection ends, and returns when its sessions have ended too.
func (c *connection) serve(ctx context.Context) {
	hangUp := context.AfterFunc(ctx, func() { _ = c.socket.Close() })
	defer hangUp()
	reason := c.listen(ctx)
	_ = c.socket.Close() // also ends an answer that nobody takes
	c.hardware.log.Debug("connection ended", "connection", c.number, "gateway", c.gateway, "reason", reason)
	for _, number := range slices.Sorted(maps.Keys(c.sessions)) {
		c.sessions[number].end(ctx, reason)
	}
	c.work.Wait()
}

// listen takes requests until there are no more, and says why there are not.
func (c *connection) listen(ctx context.Context) string {
	reader := wire.NewReader(c.socket)
	for {
		if c.hardware.idle > 0 {
			_ = c.socket.SetReadDeadline(time.Now().Add(c.hardware.idle)) // fails only on a closed socket
		}
		frame, err := reader.Next()
		if err != nil {
			return c.farewell(ctx, err)
		}
		if nack := c.take(ctx, frame); nack != nil {
			return c.expel(frame.Call, nack)
		}
	}
}

// farewell says why the connection ended.
func (c *connection) farewell(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return "the hardware was switched off"
	case errors.Is(err, io.EOF):
		return "the gateway ended the connection"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Sprintf("nothing came for %v", c.hardware.idle)
	case errors.Is(err, wire.ErrMalformed):
		return c.expel(0, &wire.Nack{Code: wire.CodeMalformed, Reason: cut(err.Error())})
	default:
		return fmt.Sprintf("the connection broke: %v", err)
	}
}

// expel ends a connection on which something came that must not.
func (c *connection) expel(call uint64, nack *wire.Nack) string {
	if c.hardware.truth.write(c.record(KindGarbage).refused(nack)) == nil {
		c.answer(call, nack)
	}
	return nack.Error()
}

// cut makes a text short enough to be sent.
func cut(text string) string {
	if len(text) <= wire.MaxText {
		return text
	}
	return text[:wire.MaxText-len("...")] + "..." // our own messages quote: they are ASCII
}

// take takes a request. A Nack is for what ends the connection.
func (c *connection) take(ctx context.Context, f wire.Frame) *wire.Nack {
	if hello, ok := f.Message.(*wire.Hello); ok {
		return c.welcome(f.Call, hello)
	}
	if c.gateway == "" {
		return &wire.Nack{Code: wire.CodeMalformed, Reason: "hello must come first"}
	}
	arrived := time.Now()
	switch m := f.Message.(type) {
	case *wire.Ping:
		c.answer(f.Call, &wire.Ack{})
	case *wire.Open:
		c.open(f.Call, m)
	case *wire.Close:
		if s := c.session(f.Call, KindClose, m.Session); s != nil {
			delete(c.sessions, m.Session)
			s.put(ctx, request{call: f.Call, message: m, arrived: arrived})
		}
	case *wire.Read:
		if s := c.session(f.Call, KindRead, m.Session); s != nil {
			s.ask(ctx, request{call: f.Call, message: m, arrived: arrived}, KindRead)
		}
	case *wire.Write:
		if s := c.session(f.Call, KindAction, m.Session); s != nil {
			s.ask(ctx, request{call: f.Call, message: m, arrived: arrived}, KindAction)
		}
	default:
		return &wire.Nack{Code: wire.CodeMalformed, Reason: fmt.Sprintf("%T is no request", m)}
	}
	return nil
}

// welcome learns who the gateway is.
func (c *connection) welcome(call uint64, m *wire.Hello) *wire.Nack {
	if m.Version != wire.Version {
		return &wire.Nack{Code: wire.CodeVersion, Reason: fmt.Sprintf("version %d, but it is %d here", m.Version, wire.Version)}
	}
	if c.gateway != "" {
		return &wire.Nack{Code: wire.CodeMalformed, Reason: "hello came twice"}
	}
	if err := roostv1.CheckID("gateway id", m.Gateway); err != nil {
		return &wire.Nack{Code: wire.CodeMalformed, Reason: cut(err.Error())}
	}
	c.gateway, c.incarnation = m.Gateway, m.Incarnation
	c.answer(call, &wire.Welcome{Version: wire.Version, IdleMillis: uint64(c.hardware.idle / time.Millisecond)})
	return nil
}

// open begins a session.
func (c *connection) open(call uint64, m *wire.Open) {
	r := c.record(KindOpen)
	r.Device = m.Device
	machine := c.hardware.machines[m.Device]
	switch {
	case machine == nil:
		c.refuse(call, r, &wire.Nack{Code: wire.CodeUnknownDevice})
		return
	case len(c.sessions) >= maxSessions:
		c.refuse(call, r, &wire.Nack{Code: wire.CodeBusy, Reason: "too many sessions on this connection"})
		return
	}
	c.last++
	s := &session{number: c.last, machine: machine, connection: c}
	r.Session = s.number
	nack, err := machine.admit(s, r, c.hardware.truth)
	switch {
	case err != nil: // without a record, nothing happens and nothing is said
	case nack != nil:
		c.answer(call, nack)
	default:
		c.sessions[s.number] = s
		c.answer(call, &wire.Opened{Session: s.number})
	}
}

// session returns the session with that number. If there is none, it refuses the request.
func (c *connection) session(call uint64, kind Kind, number uint64) *session {
	s := c.sessions[number]
	if s == nil {
		r := c.record(kind)
		r.Session = number
		c.refuse(call, r, &wire.Nack{Code: wire.CodeNotOpen, Reason: fmt.Sprintf("session %d", number)})
	}
	return s
}

// record returns a record of something that came on this connection.
func (c *connection) record(kind Kind) Record {
	return Record{Kind: kind, Connection: c.number, Gateway: c.gateway, Incarnation: c.incarnation}
}

// refuse answers no, and writes it down first.
func (c *connection) refuse(call uint64, r Record, nack *wire.Nack) {
	if c.hardware.truth.write(r.refused(nack)) == nil {
		c.answer(call, nack)
	}
}

// answer sends an answer. If it cannot, the connection ends.
func (c *connection) answer(call uint64, m wire.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if c.out, err = wire.Append(c.out[:0], wire.Frame{Call: call, Message: m}); err == nil {
		if err = c.socket.SetWriteDeadline(time.Now().Add(answerTime)); err == nil {
			_, err = c.socket.Write(c.out)
		}
	}
	if err != nil {
		_ = c.socket.Close() // listen finds out
	}
}

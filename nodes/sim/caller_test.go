package sim_test

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/roost-iot/roost/actors/drivers/rig/wire"
)

// caller is a gateway that a test plays frame by frame.
type caller struct {
	net.Conn
	frames *wire.Reader
	calls  uint64
}

func dial(t *testing.T, b *bench) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &caller{Conn: conn, frames: wire.NewReader(conn)}
}

// send sends a request, and returns the number of its call.
func (c *caller) send(t *testing.T, m wire.Message) uint64 {
	t.Helper()
	c.calls++
	b, err := wire.Append(nil, wire.Frame{Call: c.calls, Message: m})
	if err == nil {
		_, err = c.Write(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.calls
}

// answer returns the next answer.
func (c *caller) answer(t *testing.T) wire.Frame {
	t.Helper()
	f, err := c.frames.Next()
	if err != nil {
		t.Fatalf("the hardware sent %v, want an answer", err)
	}
	return f
}

func (c *caller) hello(t *testing.T, gateway string) {
	t.Helper()
	c.send(t, &wire.Hello{Version: wire.Version, Gateway: gateway, Incarnation: "run-1"})
	if _, ok := c.answer(t).Message.(*wire.Welcome); !ok {
		t.Fatal("not welcome")
	}
}

func (c *caller) open(t *testing.T, device string) uint64 {
	t.Helper()
	c.send(t, &wire.Open{Device: device})
	opened, ok := c.answer(t).Message.(*wire.Opened)
	if !ok {
		t.Fatalf("%s was not opened", device)
	}
	return opened.Session
}

// ended waits until the hardware ends the connection.
func (c *caller) ended(t *testing.T) {
	t.Helper()
	if f, err := c.frames.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("got %T, %v, want the end of the connection", f.Message, err)
	}
}

package mqttd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

const (
	// greetTimeout is how long who has dialled in may take to say who he is.
	greetTimeout = 10 * time.Second
	// writeTimeout is how long a device may take nothing of what it is sent. Then it is cut off.
	writeTimeout = 3 * time.Second
)

var (
	errCut       = errors.New("the connection was cut")
	errWithdrawn = errors.New("the message was withdrawn before it was sent")
)

// writeError is the error of bytes of which some may have left.
type writeError struct{ err error }

func (e *writeError) Error() string { return "write to the device: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// conn is a connection that somebody has dialled. The MQTT library reads and writes it; here is what it leaves open: how long writing
// may take, and that a message goes out only while it is wanted.
type conn struct {
	net.Conn          // TLS, or raw
	raw      net.Conn // closed without a word to a peer that may take none
	link     atomic.Pointer[link]
	order    atomic.Pointer[context.Context] // of the message that is being sent
	ctx      context.Context                 // ends with the connection, and all that is done for it
	cancel   context.CancelCauseFunc
	from     netip.Addr // the machine that dialled
	known    bool       // whose it is; guarded by the listener's mu
}

func newConn(of net.Conn, raw net.Conn) *conn {
	c := &conn{Conn: of, raw: raw}
	if at, is := raw.RemoteAddr().(*net.TCPAddr); is {
		c.from = at.AddrPort().Addr().Unmap().WithZone("")
	}
	c.ctx, c.cancel = context.WithCancelCause(context.Background())
	return c
}

// cut ends the connection at once, for a reason.
func (c *conn) cut(why error) {
	c.cancel(why)
	_ = c.raw.Close()
}

// Close is how the library ends the connection.
func (c *conn) Close() error {
	c.cut(errCut)
	return nil
}

// SetDeadline is the library's wish that the device be heard until then. Writing has its own limit.
func (c *conn) SetDeadline(t time.Time) error { return c.Conn.SetReadDeadline(t) }

// Write sends a packet: the library writes each of them at once, one at a time.
func (c *conn) Write(packet []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	if len(packet) > 0 && packet[0]>>4 == packets.Publish {
		if order := c.order.Load(); order == nil || (*order).Err() != nil {
			return 0, errWithdrawn
		}
	}
	err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	n := 0
	if err == nil {
		n, err = c.Conn.Write(packet)
	}
	if err != nil {
		err = &writeError{err}
		c.cut(fmt.Errorf("%w; it may take nothing", err))
	}
	return n, err
}

package snmp

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net"
	"sync"

	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// socket is where questions to an agent go out and answers come in. It takes datagrams from nowhere else.
type socket struct {
	to string

	mu     sync.Mutex
	conn   net.Conn // nil: to be opened
	closed bool
}

var errClosed = errors.New("the session was closed")

// connect returns the connection, and makes one if there is none.
func (s *socket) connect(ctx context.Context) (net.Conn, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if conn, err := s.present(); conn != nil || err != nil {
		return conn, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "udp", s.to)
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrOffline, "%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return nil, errClosed
	}
	s.conn = conn
	return conn, nil
}

func (s *socket) present() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	return s.conn, nil
}

// drop closes a connection, so that the next question has another one.
func (s *socket) drop(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn == conn {
		s.conn = nil
	}
	_ = conn.Close()
}

// close ends all. A question that is being asked ends, too.
func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// buffers are as large as a datagram may be. There are as many as answers are waited for: most sessions wait for none at any time.
var buffers = sync.Pool{New: func() any { return new([math.MaxUint16]byte) }}

// receive returns the next datagram.
func receive(conn net.Conn) ([]byte, error) {
	buffer := buffers.Get().(*[math.MaxUint16]byte)
	defer buffers.Put(buffer)
	n, err := conn.Read(buffer[:])
	if err != nil {
		return nil, err
	}
	return bytes.Clone(buffer[:n]), nil
}

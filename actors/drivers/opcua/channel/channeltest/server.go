package channeltest

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uacp"
)

// Server is a server of a test.
type Server struct {
	// Address is where it listens.
	Address string
	// Lifetime is how long its keys last; 1 h if it is zero. Set it before the first connection.
	Lifetime time.Duration

	answer  func(*Request) bool
	running sync.WaitGroup
	mu      sync.Mutex
	conns   []net.Conn
}

// Start starts a server, which ends with the test. answer is called with each request, and returns false if the server is to answer it
// by itself, or cannot.
func Start(t testing.TB, answer func(*Request) bool) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Address: l.Addr().String(), answer: answer}
	s.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(conn)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.Cut()
		s.running.Wait()
	})
	return s
}

// Endpoint is the server's URL.
func (s *Server) Endpoint() string { return "opc.tcp://" + s.Address }

// Cut ends all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
}

func (s *Server) serve(conn net.Conn) {
	s.mu.Lock()
	s.conns = append(s.conns, conn)
	s.mu.Unlock()
	s.running.Go(func() {
		defer conn.Close()
		c := &connection{server: s, conn: conn}
		for c.next() == nil {
		}
	})
}

// connection is one client's.
type connection struct {
	server *Server
	conn   net.Conn
	sent   uint32 // sequence number
	token  uint32
	parts  []byte // of a request that comes in several frames
	mu     sync.Mutex
}

// next takes a frame, and has it answered.
func (c *connection) next() error {
	header := make([]byte, 8)
	if _, err := io.ReadFull(c.conn, header); err != nil {
		return err
	}
	frame := make([]byte, binary.LittleEndian.Uint32(header[4:]))
	copy(frame, header)
	if _, err := io.ReadFull(c.conn, frame[8:]); err != nil {
		return err
	}
	skip := 16 // the channel's id and that of its keys
	switch kind := string(frame[:3]); kind {
	case "HEL":
		return c.write("ACKF", (&uacp.Acknowledge{ReceiveBufSize: 0xffff, SendBufSize: 0xffff}).Encode)
	case "CLO":
		return io.EOF
	case "OPN":
		b := ua.NewBuffer(frame[12:])
		b.ReadString()
		b.ReadBytes()
		b.ReadBytes()
		skip = 12 + b.Pos()
		fallthrough
	default:
		parts := append(c.parts, frame[skip+8:]...)
		if c.parts = parts; frame[3] == 'C' {
			return nil
		}
		c.parts = nil
		_, body, err := ua.DecodeService(parts)
		if err != nil {
			return err
		}
		r := &Request{Request: body.(ua.Request), id: binary.LittleEndian.Uint32(frame[skip+4:]), connection: c, kind: kind}
		if !c.server.answer(r) {
			r.Usual()
		}
	}
	return nil
}

func (c *connection) write(kind string, encode func() ([]byte, error)) error {
	body, err := encode()
	if err != nil {
		return err
	}
	frame := binary.LittleEndian.AppendUint32([]byte(kind), uint32(8+len(body)))
	_, err = c.conn.Write(append(frame, body...))
	return err
}

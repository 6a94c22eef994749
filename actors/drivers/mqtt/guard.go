package mqtt

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxPacket is how long a message may be that is taken, in bytes. Values are far shorter; MQTT allows 256 MiB, and one device
	// that sends that is not to take the gateway's memory.
	maxPacket = 256 << 10
	// readSize is how much is read at once, in bytes. All messages in it are given to their devices before one of them is woken.
	readSize = 32 << 10
	// writeTimeout is how long the broker's side may take nothing of what it is sent.
	writeTimeout = 10 * time.Second
)

// guard stands between the MQTT library and the connection. What comes from the broker is passed on only if it is MQTT of
// bounded length: the library trusts it, and a panic of its goroutines would end the gateway. Messages do not go through the library,
// which would take four goroutines and some thirty allocations for each. Those of ours go out only if they are wanted
// still: the library has no way to take one back.
//
// It is read by one goroutine, and written by any number.
type guard struct {
	net.Conn
	raw     net.Conn // below TLS and web sockets
	in      *bufio.Reader
	packet  []byte // that is passed on
	scratch []byte // for a topic, until it is known to be one
	greeted bool   // the broker has answered CONNECT
	to      hearer

	writing sync.Mutex
	out     atomic.Pointer[publication]
	end     atomic.Pointer[error] // why it was cut; nil: it was not
}

func newGuard(conn net.Conn, to hearer) *guard {
	g := &guard{Conn: conn, raw: conn, to: to, in: bufio.NewReaderSize(patient{conn, to}, readSize)}
	for {
		over, is := g.raw.(interface{ NetConn() net.Conn })
		if !is {
			return g
		}
		g.raw = over.NetConn()
	}
}

// cut ends the connection. The library then sees this error; one that told of a closed connection it would not notice.
func (g *guard) cut(why error) {
	g.end.CompareAndSwap(nil, &why)
	_ = g.Close()
}

// Close ends the connection at once. TLS would first say so, and wait 5s for a broker that takes nothing.
func (g *guard) Close() error { return g.raw.Close() }

// Read passes on what is the library's. It is where messages are given to devices, too.
func (g *guard) Read(to []byte) (int, error) {
	for len(g.packet) == 0 {
		if err := g.next(); err != nil {
			if end := g.end.Load(); end != nil {
				return 0, *end
			}
			return 0, err
		}
	}
	g.to.lull() // nobody knows how long the library takes
	n := copy(to, g.packet)
	g.packet = g.packet[n:]
	return n, nil
}

// next reads the next packet, and leaves it to the library if it is no message.
func (g *guard) next() error {
	first, err := g.in.ReadByte()
	if err != nil {
		return err
	}
	length, err := g.length()
	if err != nil {
		return err
	}
	kind := first >> 4
	if g.greeted == (kind == packetConnack) {
		return garbage("a packet of kind %d, where one to CONNECT and no other is due", kind)
	}
	g.greeted = true
	g.to.hear()
	if kind == packetPublish {
		return g.publish(first, length)
	}
	return g.other(first, length)
}

// length reads how long a packet is: seven bits in each byte, and whether there is one more.
func (g *guard) length() (int, error) {
	length := 0
	for shift := 0; shift < 28; shift += 7 {
		b, err := g.in.ReadByte()
		if err != nil {
			return 0, err
		}
		length |= int(b&0x7f) << shift
		if b < 0x80 {
			return length, nil
		}
	}
	return 0, garbage("a length of more than four bytes")
}

// other judges all packets but messages.
func (g *guard) other(first byte, length int) error {
	kind := first >> 4
	flags := byte(0)
	if kind == packetPubrel {
		flags = 2
	}
	if want, known := exactly[kind]; !known || length != want || first&0xf != flags {
		return garbage("a packet of kind %d, flags %d and %d bytes", kind, first&0xf, length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(g.in, body); err != nil {
		return err
	}
	if kind == packetConnack && body[1] > 5 {
		return garbage("the answer %d to CONNECT", body[1])
	}
	g.packet = append([]byte{first, byte(length)}, body...)
	return nil
}

// Write sends a packet, or several acknowledgements; the library writes each packet at once.
func (g *guard) Write(packet []byte) (int, error) {
	g.writing.Lock()
	defer g.writing.Unlock()
	if end := g.end.Load(); end != nil {
		return 0, *end
	}
	if len(packet) == 0 || packet[0]>>4 != packetPublish {
		return g.send(packet)
	}
	p := g.out.Load()
	defer p.letGo()
	if !p.begin() {
		return len(packet), nil // nobody wants it any more, and the library need not know
	}
	return g.send(packet)
}

func (g *guard) send(packet []byte) (int, error) {
	err := g.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	n := 0
	if err == nil {
		n, err = g.Conn.Write(packet)
	}
	if err != nil {
		g.cut(fmt.Errorf("write to the broker: %w", err))
	}
	return n, err
}

// SetWriteDeadline is the library's wish, and not followed: each packet has its time.
func (*guard) SetWriteDeadline(time.Time) error { return nil }

// garbage is the error of bytes that are no MQTT.
func garbage(format string, args ...any) error {
	return fmt.Errorf("the broker sent what is no MQTT: "+format, args...)
}

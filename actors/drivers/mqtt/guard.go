package mqtt

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxPacket is how long a message may be that is taken, in bytes. Values are far shorter; MQTT allows 256 MiB, and one device
	// that sends that is not to take the gateway's memory.
	maxPacket = 256 << 10
	// writeTimeout is how long the broker's side may take nothing of what it is sent.
	writeTimeout = 10 * time.Second
)

// tooLong is put before the topic of a message whose payload was not taken. No topic can begin with it.
const tooLong = "\x00"

// guard stands between the MQTT library and the connection. What comes from the broker is passed on only if it is MQTT of
// bounded length: the library trusts it, and a panic of its goroutines would end the gateway. Messages go out only if they are wanted
// still: the library has no way to take one back.
//
// It is read by one goroutine, and written by any number.
type guard struct {
	net.Conn
	raw     net.Conn // below TLS and web sockets
	in      *bufio.Reader
	head    []byte // of the packet that is read; passed on first
	left    int    // of its bytes, behind the head
	skip    int    // bytes behind it that are not passed on
	greeted bool   // the broker has answered CONNECT
	alive   *alive // is told of each packet

	writing sync.Mutex
	out     atomic.Pointer[publication]
	end     atomic.Pointer[error] // why it was cut; nil: it was not
}

func newGuard(conn net.Conn, a *alive) *guard {
	g := &guard{Conn: conn, raw: conn, alive: a, in: bufio.NewReaderSize(conn, 16<<10)}
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

func (g *guard) Read(to []byte) (int, error) {
	for len(g.head) == 0 && g.left == 0 {
		if err := g.next(); err != nil {
			if end := g.end.Load(); end != nil {
				return 0, *end
			}
			return 0, err
		}
	}
	if len(g.head) > 0 {
		n := copy(to, g.head)
		g.head = g.head[n:]
		return n, nil
	}
	n, err := g.in.Read(to[:min(len(to), g.left)])
	g.left -= n
	if end := g.end.Load(); err != nil && end != nil {
		err = *end
	}
	return n, err
}

// next reads as much of the next packet as is needed to judge it.
func (g *guard) next() error {
	if _, err := g.in.Discard(g.skip); err != nil {
		return err
	}
	g.skip = 0
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
	g.alive.hear()
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
	g.head, g.left = append([]byte{first, byte(length)}, body...), 0
	return nil
}

// publish judges a message. One that is too long is passed on without its payload, so that the broker gets its answer.
func (g *guard) publish(first byte, length int) error {
	qos := first >> 1 & 3
	prefix := 2
	if qos > 0 {
		prefix = 4
	}
	var size [2]byte
	if length < prefix || qos == 3 {
		return garbage("a message of QoS %d and %d bytes", qos, length)
	}
	if _, err := io.ReadFull(g.in, size[:]); err != nil {
		return err
	}
	topic := make([]byte, int(size[0])<<8|int(size[1]))
	if len(topic) == 0 || prefix+len(topic) > length {
		return garbage("a message of %d bytes with a topic of %d", length, len(topic))
	}
	if _, err := io.ReadFull(g.in, topic); err != nil {
		return err
	}
	if bytes.IndexByte(topic, 0) >= 0 {
		return garbage("a message with the topic %q", topic)
	}
	rest := length - 2 - len(topic)
	g.left = rest
	if length > maxPacket {
		topic = append([]byte(tooLong), topic...)
		g.left, g.skip = prefix-2, rest-(prefix-2)
	}
	if len(topic) > maxTopic {
		return garbage("a message with a topic of %d bytes", len(topic))
	}
	g.head = header(first, 2+len(topic)+g.left)
	g.head = append(g.head, byte(len(topic)>>8), byte(len(topic)))
	g.head = append(g.head, topic...)
	return nil
}

// header returns how a packet begins.
func header(first byte, length int) []byte {
	h := []byte{first}
	for ; length >= 0x80; length >>= 7 {
		h = append(h, byte(length)|0x80)
	}
	return append(h, byte(length))
}

// cutTooLong tells of a message's topic whether its payload was too long to be taken.
func cutTooLong(topic string) (string, bool) { return strings.CutPrefix(topic, tooLong) }

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

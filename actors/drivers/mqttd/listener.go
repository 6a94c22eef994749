package mqttd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	mqtt "github.com/mochi-mqtt/server/v2"

	"github.com/roost-iot/roost/actors/drivers/keys"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

const (
	// maxPacket is how long a message may be, in bytes. Values are far shorter; MQTT allows 256 MiB.
	maxPacket = 256 << 10
	// maxStrangers is how many connections there may be more than devices: of some that have not said yet who they are, and of
	// some that are being replaced.
	maxStrangers = 64
	// maxStrangersAt is how many connections from one address may not have said yet who they are, so that one machine does not keep all
	// others out. Many devices may be behind one address; those that are turned away dial in again.
	maxStrangersAt = 8
	// acceptPause is how long nobody is let in when the machine has no more connections to give.
	acceptPause = 100 * time.Millisecond
)

// listener is where devices dial in. What is MQTT about it is the library's; of its server only the part is used that serves one
// connection: no message goes from one device to another, nothing is retained, and no event loop runs.
type listener struct {
	driver *Driver
	at     listenAddress
	users  int // guarded by the driver's mu
	socket net.Listener
	tls    *tls.Config // nil: none
	server *mqtt.Server
	done   chan struct{} // closed when it is being closed
	wg     sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]*session // by client id
	conns    map[*conn]bool
	nobody   map[netip.Addr]int // connections from there of which it is not known whose they are
	stranger stranger
}

// stranger is who was turned away last since no device has its client id.
type stranger struct {
	client, remote string
	at             time.Time
}

// turnAway notes that somebody is no device's client.
func (l *listener) turnAway(client, remote string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stranger = stranger{client: client, remote: remote, at: time.Now()}
}

// turnedAway says who was turned away since a time; empty if nobody was.
func (l *listener) turnedAway(since time.Time) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stranger.at.Before(since) {
		return ""
	}
	return fmt.Sprintf("; client %q dialled in from %s, and no device has that client id", l.stranger.client, l.stranger.remote)
}

// listen opens a listener. The error names what it cannot have.
func (d *Driver) listen(ctx context.Context, at listenAddress) (*listener, error) {
	l := &listener{driver: d, at: at, done: make(chan struct{}), sessions: make(map[string]*session), conns: make(map[*conn]bool), nobody: make(map[netip.Addr]int)}
	if err := l.secure(); err != nil {
		return nil, err
	}
	l.server = mqtt.New(&mqtt.Options{Capabilities: capabilities(), Logger: slog.New(slog.DiscardHandler)})
	if err := l.server.AddHook(&hook{listener: l}, nil); err != nil {
		return nil, err
	}
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", at.at)
	if err != nil {
		return nil, roostv1.Errorf(roostv1.ErrUnavailable, "devices cannot dial in at %s: %v: is it an address of the gateway's machine where nobody else, "+
			"such as a broker or another gateway, listens?", at.at, plainly(err))
	}
	l.socket = socket
	l.wg.Go(l.accept)
	return l, nil
}

// plainly is why nobody can listen, without the address, which has been said.
func plainly(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func (l *listener) secure() error {
	if l.at.cert == "" {
		return nil
	}
	cert, err := keys.ReadFile(l.at.cert)
	if err != nil {
		return fmt.Errorf("read the certificate of %s: %w", l.at.at, err)
	}
	key, err := l.at.key.Read()
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(cert, []byte(key))
	if err != nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "%s and %s are no certificate and its key: %v", l.at.cert, l.at.key, err)
	}
	l.tls = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return nil
}

func capabilities() *mqtt.Capabilities {
	c := mqtt.NewDefaultServerCapabilities()
	c.MaximumClients = math.MaxInt64 // they are counted here
	c.MaximumPacketSize = maxPacket
	c.MaximumClientWritesPending = 1 // nothing is queued
	c.ReceiveMaximum = maxBacklog
	c.TopicAliasMaximum = 0
	c.SharedSubAvailable = 0
	return c
}

// accept lets in who dials.
func (l *listener) accept() {
	for {
		raw, err := l.socket.Accept()
		if err == nil {
			l.admit(raw)
			continue
		}
		select {
		case <-l.done:
			return
		case <-time.After(acceptPause):
		}
	}
}

func (l *listener) admit(raw net.Conn) {
	of := raw
	if l.tls != nil {
		of = tls.Server(raw, l.tls)
	}
	c := newConn(of, raw)
	l.mu.Lock()
	defer l.mu.Unlock()
	full := len(l.conns) >= len(l.sessions)+maxStrangers || l.nobody[c.from] >= maxStrangersAt
	select {
	case <-l.done:
		full = true
	default:
	}
	if full {
		l.driver.counts.refused.Add(1)
		c.cut(errCut)
		return
	}
	l.conns[c] = true
	l.nobody[c.from]++
	l.wg.Go(func() { l.serve(c) })
}

// serve lets the library serve a connection until it ends. What the library does not survive ends this connection alone.
func (l *listener) serve(c *conn) {
	defer func() {
		if r := recover(); r != nil {
			l.driver.log().Error("connection ended by a panic", "remote", c.raw.RemoteAddr(), "panic", r, "stack", string(debug.Stack()))
		}
		c.cut(errCut)
		if k := c.link.Load(); k != nil {
			k.ended()
		}
		l.known(c)
		l.mu.Lock()
		delete(l.conns, c)
		l.mu.Unlock()
	}()
	_ = c.Conn.SetReadDeadline(time.Now().Add(greetTimeout))
	if err := l.server.EstablishConnection(l.at.at, c); err != nil {
		l.driver.log().Debug("connection ended", "remote", c.raw.RemoteAddr(), "error", err)
	}
}

// known notes that a connection is no stranger's any more: it is a device's, or has ended.
func (l *listener) known(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.known {
		return
	}
	c.known = true
	if l.nobody[c.from]--; l.nobody[c.from] == 0 {
		delete(l.nobody, c.from)
	}
}

// join makes a session the one of its client id.
func (l *listener) join(s *session) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if other := l.sessions[s.at.client]; other != nil {
		return roostv1.Errorf(roostv1.ErrInvalid, "client %q at %s is device %s already", s.at.client, l.at.at, other.device)
	}
	l.sessions[s.at.client] = s
	return nil
}

func (l *listener) leave(s *session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions[s.at.client] == s {
		delete(l.sessions, s.at.client)
	}
}

// session returns the session of a client; nil if there is none now.
func (l *listener) session(client string) *session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sessions[client]
}

// close ends the listener and all connections, and returns when they have ended.
func (l *listener) close() {
	l.mu.Lock()
	close(l.done)
	for c := range l.conns {
		c.cut(errCut)
	}
	l.mu.Unlock()
	_ = l.socket.Close()
	l.wg.Wait()
}

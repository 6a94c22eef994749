package clustertest

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
)

// Wire is a way to a hub that can be interrupted as a network is: nothing comes through any more, and
// neither side is told.
type Wire struct {
	tb       testing.TB
	to       string
	listener net.Listener

	mu    sync.Mutex
	open  *sync.Cond // of mu; broadcast when something below changes
	dead  bool       // nothing comes through
	ended bool
	conns map[net.Conn]bool
	all   sync.WaitGroup
}

// Wire returns a way to the hub.
func (h *Hub) Wire(tb testing.TB) *Wire { return NewWire(tb, h.URL()) }

// NewWire returns a way to the server at url, which ends with the test.
func NewWire(tb testing.TB, url string) *Wire {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	w := &Wire{tb: tb, to: strings.TrimPrefix(url, "nats://"), listener: listener, conns: map[net.Conn]bool{}}
	w.open = sync.NewCond(&w.mu)
	w.all.Go(w.accept)
	tb.Cleanup(w.close)
	return w
}

// URL is where to dial for what is at the other end.
func (w *Wire) URL() string { return "nats://" + w.listener.Addr().String() }

// Connect returns a connection through the wire with the settings of a gateway.
func (w *Wire) Connect(tb testing.TB, opts ...nats.Option) *nats.Conn {
	tb.Helper()
	nc, err := cluster.ConnectGateway(w.URL(), "test", Logger(tb), opts...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(nc.Close)
	if err := nc.FlushTimeout(startTimeout); err != nil {
		tb.Fatal(err)
	}
	return nc
}

// Stall lets nothing through from now on.
func (w *Wire) Stall() { w.set(true) }

// Resume lets everything through again, also what was held back.
func (w *Wire) Resume() { w.set(false) }

func (w *Wire) set(dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
	w.open.Broadcast()
}

func (w *Wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.DialTimeout("tcp", w.to, time.Second)
		if err != nil { // the hub is away
			_ = near.Close()
			continue
		}
		if !w.add(near, far) {
			return
		}
		w.all.Go(func() { w.copy(near, far) })
		w.all.Go(func() { w.copy(far, near) })
	}
}

// add notes connections to be closed at the end; false if that has come.
func (w *Wire) add(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		w.conns[c] = true
		if w.ended {
			_ = c.Close()
		}
	}
	return !w.ended
}

// copy copies from one side to the other, and ends both with either.
func (w *Wire) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if !w.pass() {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits while nothing comes through; false at the end.
func (w *Wire) pass() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.dead && !w.ended {
		w.open.Wait()
	}
	return !w.ended
}

func (w *Wire) close() {
	_ = w.listener.Close()
	w.mu.Lock()
	w.ended = true
	for c := range w.conns {
		_ = c.Close()
	}
	w.open.Broadcast()
	w.mu.Unlock()
	w.all.Wait()
}

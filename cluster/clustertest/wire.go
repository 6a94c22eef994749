package clustertest

import (
	"bytes"
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
	last  string     // to the hub, before all ends; empty: it goes on
	over  bool       // that has come
	until string     // from the hub, after which it is held back; empty: it goes on
	held  bool       // that has come
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

// EndAfter lets the first bytes to the hub through that have the text in them, and nothing after that: what the hub answers is
// lost, and so is the connection. Nobody is connected any more from then on.
func (w *Wire) EndAfter(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = text
}

// HoldAfter lets the first bytes from the hub through that have the text in them, and holds back what it says after that. What is
// said to the hub goes through.
func (w *Wire) HoldAfter(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.until = text
}

func (w *Wire) set(dead bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = dead
	if !dead {
		w.held, w.until = false, ""
	}
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
		w.all.Go(func() { w.copy(near, far, false) })
		w.all.Go(func() { w.copy(far, near, true) })
	}
}

// add notes connections to be closed at the end; false if that has come.
func (w *Wire) add(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range conns {
		w.conns[c] = true
		if w.ended || w.over {
			_ = c.Close()
		}
	}
	return !w.ended
}

// copy copies from one side to the other, and ends both with either.
func (w *Wire) copy(to, from net.Conn, toHub bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		last, ok := w.pass(buffer[:n], toHub)
		if !ok {
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil || last {
			return
		}
	}
}

// pass waits while nothing comes through; ok is false at the end. last is true of what is the last to go through.
func (w *Wire) pass(data []byte, toHub bool) (last, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for (w.dead || w.held && !toHub) && !w.ended {
		w.open.Wait()
	}
	if w.ended || w.over {
		return false, false
	}
	w.held = w.held || !toHub && w.until != "" && bytes.Contains(data, []byte(w.until))
	w.over = toHub && w.last != "" && bytes.Contains(data, []byte(w.last))
	return w.over, true
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

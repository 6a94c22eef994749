package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// patience bounds every wait.
const patience = 20 * time.Second

// echo is a server that answers what it is told.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); all.Wait() })
	return listener.Addr().String()
}

// start runs a proxy until the test ends.
func start(t *testing.T, cfg proxy.Config) *proxy.Proxy {
	t.Helper()
	p, err := proxy.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

func dial(t *testing.T, p *proxy.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// say sends something and waits for the same.
func say(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	hear(t, conn, text)
}

func hear(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	got := make([]byte, len(text))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != text {
		t.Fatalf("heard %q, %v, want %q", got, err, text)
	}
}

// silent checks that nothing is heard for a moment.
func silent(t *testing.T, conn net.Conn) {
	t.Helper()
	_ = conn.SetReadDeadline(time.Now().Add(60 * time.Millisecond))
	n, err := conn.Read(make([]byte, 1))
	var late net.Error
	if n > 0 || !errors.As(err, &late) || !late.Timeout() {
		t.Fatalf("heard %d bytes, %v; wanted silence", n, err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(patience))
}

func TestPasses(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	say(t, conn, "hello")
	_ = conn.(*net.TCPConn).CloseWrite()
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the end: %q, %v", rest, err)
	}
	if c := p.Link("").Counters(); c.Passed != [2]int64{5, 5} || c.Connections != 1 || c.Resets != 0 {
		t.Errorf("counters %+v", c)
	}
}

// A stall holds a connection that is there, in that direction alone, and lets go of it whole.
func TestStallHoldsAtOnce(t *testing.T) {
	for _, d := range []proxy.Direction{proxy.Up, proxy.Down} {
		t.Run(d.String(), func(t *testing.T) {
			p := start(t, proxy.Config{Target: echo(t)})
			conn := dial(t, p)
			say(t, conn, "before")
			link := p.Link("")
			stalled := proxy.State{Up: proxy.Stall}
			if d == proxy.Down {
				stalled = proxy.State{Down: proxy.Stall}
			}
			link.Set(stalled)
			passed := link.Counters().Passed
			if _, err := io.WriteString(conn, "during"); err != nil {
				t.Fatal(err)
			}
			silent(t, conn)
			if c := link.Counters(); c.Passed[d] != passed[d] {
				t.Errorf("%v went on by %d bytes", d, c.Passed[d]-passed[d])
			}
			link.Set(proxy.State{})
			hear(t, conn, "during")
			say(t, conn, "after")
		})
	}
}

// A new connection waits while bytes would not pass, and is counted once: of a gateway whose connection was broken before,
// nothing else shows that the way stands still (mayhem, seed 2, 60 s: a stall beside a hub that was killed).
func TestStallKeepsNewOnesWaiting(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	link := p.Link("")
	link.Set(proxy.State{Up: proxy.Stall})
	conn := dial(t, p)
	for until := time.Now().Add(patience); link.Counters().Waited == 0 && time.Now().Before(until); {
		silent(t, conn)
	}
	link.Set(proxy.State{Down: proxy.Stall})
	silent(t, conn)
	if c := link.Counters(); c.Waited != 1 || c.Connections != 0 {
		t.Errorf("counters %+v", c)
	}
	link.Set(proxy.State{})
	say(t, conn, "after")
}

// Whatever is held back, and however often, comes through in order, also what a slow reader takes in pieces.
func TestStallLosesNothing(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	_ = conn.SetDeadline(time.Now().Add(10 * patience)) // it is much, and stands still half of the time
	link := p.Link("")
	want := make([]byte, 24<<20)
	for i := range want {
		want[i] = byte(i * 7 / 3)
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		_, _ = conn.Write(want)
		_ = conn.(*net.TCPConn).CloseWrite()
	})
	passed := int64(-1)
	await(t, "all buffers are full, and so writes are broken off", func() bool {
		before := passed
		passed = link.Counters().Passed[proxy.Down]
		<-time.After(60 * time.Millisecond)
		return passed > 0 && passed == before
	})
	done := make(chan struct{})
	all.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				link.Set(proxy.State{})
				return
			case <-time.After(time.Duration(i%3) * time.Millisecond):
				link.Set([]proxy.State{{Up: proxy.Stall}, {}, {Down: proxy.Stall}, {}}[i%4])
			}
		}
	})
	got, err := io.ReadAll(conn)
	close(done)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes came, %v, of %d; the same: %v", len(got), err, len(want), bytes.Equal(got, want))
	}
}

// A stalled end is not told before the stall ends.
func TestStallHoldsTheEnd(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	say(t, conn, "before")
	p.Link("").Set(proxy.State{Up: proxy.Stall, Down: proxy.Stall})
	_ = conn.(*net.TCPConn).CloseWrite()
	silent(t, conn)
	p.Link("").Set(proxy.State{})
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after the stall: %v, want the end", err)
	}
}

func TestDiscardResetsWhenItEnds(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	lossy, quiet := dial(t, p), dial(t, p)
	say(t, lossy, "before")
	say(t, quiet, "before")
	p.Link("").Set(proxy.State{Down: proxy.Discard})
	_, _ = io.WriteString(lossy, "lost")
	silent(t, lossy)
	if c := p.Link("").Counters(); c.Lost[proxy.Down] != 4 {
		t.Errorf("%d bytes were lost, want 4", c.Lost[proxy.Down])
	}
	p.Link("").Set(proxy.State{})
	if _, err := lossy.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("what lost bytes ended with %v, want a reset", err)
	}
	say(t, quiet, "it lost nothing")
}

func TestResetIsAReset(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	say(t, conn, "before")
	p.Link("").Reset()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("it ended with %v, want a reset", err)
	}
}

func TestDoors(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	p.Link("").Set(proxy.State{Door: proxy.Refuse})
	refused(t, p)
	p.Link("").Set(proxy.State{Door: proxy.Hang})
	conn := dial(t, p)
	_, _ = io.WriteString(conn, "anybody there?")
	silent(t, conn)
	p.Link("").Set(proxy.State{})
	hear(t, conn, "anybody there?")
}

// refused checks that who dials is reset, while or after it dials.
func refused(t *testing.T, p *proxy.Proxy) {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err == nil {
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, err = conn.Read(make([]byte, 1))
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("who dials gets %v, want a reset", err)
	}
}

func TestDelay(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	p.Link("").Set(proxy.State{Delay: 50 * time.Millisecond})
	began := time.Now()
	say(t, conn, "slowly")
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("there and back took %v, want at least 100 ms", took)
	}
}

// The n-th byte passes, and the one after it does not.
func TestCutAfterBytes(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	say(t, conn, "before")
	fired := p.Link("").Arm(proxy.Trigger{Direction: proxy.Up, Count: 3, Then: proxy.State{Up: proxy.Stall}})
	_, _ = io.WriteString(conn, "abcdef")
	hear(t, conn, "abc")
	<-fired
	silent(t, conn)
	p.Link("").Set(proxy.State{})
	hear(t, conn, "def")
}

// Each connection goes by the link of who dialled it.
func TestSorted(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t), Sort: func(first []byte) (string, bool) {
		name, _, ok := bytes.Cut(first, []byte("\n"))
		return string(name), ok
	}})
	a, b := dial(t, p), dial(t, p)
	say(t, a, "a\n")
	say(t, b, "b\n")
	p.Link("a").Set(proxy.State{Up: proxy.Stall})
	_, _ = io.WriteString(a, "held")
	say(t, b, "goes on")
	silent(t, a)
	var names []string
	for _, l := range p.Links() {
		names = append(names, l.Name())
	}
	if fmt.Sprint(names) != "[a b]" {
		t.Errorf("links %v", names)
	}
}

// A server that is away is told as such, and the proxy serves on when it is there again.
func TestServerAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	p := start(t, proxy.Config{Target: listener.Addr().String()})
	refused(t, p)
}

// A peer that reads nothing does not keep the state from being changed.
func TestSlowPeerHoldsUpNobody(t *testing.T) {
	p := start(t, proxy.Config{Target: echo(t)})
	conn := dial(t, p)
	var all sync.WaitGroup
	defer all.Wait()
	defer conn.Close()
	all.Go(func() { _, _ = conn.Write(make([]byte, 64<<20)) }) // until it is closed
	await(t, "all buffers are full", func() bool {
		before := p.Link("").Counters().Passed
		return before[proxy.Down] > 0
	})
	began := time.Now()
	for range 20 {
		p.Link("").Set(proxy.State{Delay: time.Millisecond})
		p.Link("").Set(proxy.State{})
	}
	if took := time.Since(began); took > 25*time.Second {
		t.Errorf("40 changes took %v", took)
	}
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	late := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%s: not so after %v", what, patience)
		}
	}
}

package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/roost-iot/roost/nodes/chaos/proxy"
)

// looker is a tap that wants what goes to subjects that begin like one, and tells what it was shown.
type looker struct {
	prefix string
	shown  []string
}

func (l *looker) Wants(_ proxy.Direction, _ proxy.Verb, subject []byte) bool {
	return bytes.HasPrefix(subject, []byte(l.prefix))
}

func (l *looker) Message(d proxy.Direction, m *proxy.Message) {
	l.shown = append(l.shown, fmt.Sprintf("%v %s %s %s %q %q", d, m.Verb, m.Subject, m.Reply, m.Header, m.Payload))
}

// TestTap: what a tap wants it is shown whole, in the order in which it passes, wherever the connection is torn, and nothing else.
func TestTap(t *testing.T) {
	for name, c := range map[string]struct {
		direction proxy.Direction
		text      string
		want      []string
	}{
		"published": {
			proxy.Up, "PUB w.a 2\r\nhi\r\nPUB other 2\r\nno\r\nHPUB w.b answer 12 14\r\nNATS/1.0\r\n\r\nyo\r\nPUB w.c answer 0\r\n\r\nPING\r\n",
			[]string{
				`up PUB w.a  "" "hi\r\n"`, `up HPUB w.b answer "NATS/1.0\r\n\r\n" "yo\r\n"`, `up PUB w.c answer "" "\r\n"`,
			},
		},
		"delivered": {
			proxy.Down, "MSG w.a 7 2\r\nhi\r\nHMSG w.b 7 answer 12 14\r\nNATS/1.0\r\n\r\nyo\r\nMSG w.ack 7 22\r\n{\"stream\":\"S\",\"seq\":1}\r\n",
			[]string{
				`down MSG w.a  "" "hi\r\n"`, `down HMSG w.b answer "NATS/1.0\r\n\r\n" "yo\r\n"`,
				`down +ACK w.ack  "" "{\"stream\":\"S\",\"seq\":1}\r\n"`,
			},
		},
		"long":      {proxy.Up, "PUB w.a 2000\r\n" + strings.Repeat("x", 2000) + "\r\n", []string{fmt.Sprintf(`up PUB w.a  "" %q`, strings.Repeat("x", 1024))}},
		"not whole": {proxy.Up, "PUB w.a 20\r\nhi\r\n", nil},
		"malformed": {proxy.Up, "PUB w.a x\r\nPUB w.a 2\r\nhi\r\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for size := 1; size <= len(c.text); size++ {
				var pieces [][]byte
				for rest := []byte(c.text); len(rest) > 0; {
					n := min(size, len(rest))
					pieces, rest = append(pieces, rest[:n]), rest[n:]
				}
				l := &looker{prefix: "w."}
				proxy.ScanFor(l, c.direction, pieces...)
				if diff := cmp.Diff(c.want, l.shown); diff != "" {
					t.Fatalf("in pieces of %d: %s", size, diff)
				}
			}
		})
	}
}

// TestTapSeesBeforeTheServer: what is on its way to the server is shown before the server has it, so that an answer never
// comes before what it answers.
func TestTapSeesBeforeTheServer(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	looking, shown := make(chan net.Conn, 1), make(chan error, 1)
	look := func() {
		far := <-looking
		_ = far.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err := far.Read(make([]byte, 1))
		_ = far.SetReadDeadline(time.Time{})
		shown <- err
	}
	p := start(t, proxy.Config{Target: server.Addr().String(), Tap: func() proxy.Tap { return teller(look) }})
	near, err := new(net.Dialer).DialContext(t.Context(), "tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = near.Close() })
	far, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	looking <- far
	const message = "PUB w 2\r\nhi\r\n"
	if _, err := near.Write([]byte(message)); err != nil {
		t.Fatal(err)
	}
	if err := <-shown; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("when the message was shown, the server read with %v, and should have had nothing yet", err)
	}
	if _, err := io.ReadFull(far, make([]byte, len(message))); err != nil {
		t.Fatal(err)
	}
}

type teller func()

func (teller) Wants(proxy.Direction, proxy.Verb, []byte) bool { return true }
func (f teller) Message(proxy.Direction, *proxy.Message)      { f() }

// none wants nothing of what is looked at.
type none struct{}

func (none) Wants(proxy.Direction, proxy.Verb, []byte) bool { return false }
func (none) Message(proxy.Direction, *proxy.Message)        {}

// BenchmarkThrough carries messages of readings, with nobody who looks, one who wants none, and one who wants all.
func BenchmarkThrough(b *testing.B) {
	const header = "NATS/1.0\r\nNats-Msg-Id: ABCDEFGHIJKLMNOP/rig-12/1234/5678/5683\r\n\r\n"
	message := fmt.Sprintf("HPUB roost.chaos.reading.rig-12.gw-1 _INBOX.abcdefghijklmnop.1234 %d %d\r\n%s%s\r\n",
		len(header), len(header)+200, header, strings.Repeat("x", 200))
	const many = 200
	data := []byte(strings.Repeat(message, many))
	for name, tap := range map[string]func() proxy.Tap{
		"nobody": nil, "wants none": func() proxy.Tap { return none{} }, "wants all": func() proxy.Tap { return &counter{} },
	} {
		b.Run(name, func(b *testing.B) { through(b, tap, data, many) })
	}
}

// counter looks at all there is.
type counter struct{ bytes int }

func (*counter) Wants(proxy.Direction, proxy.Verb, []byte) bool { return true }
func (c *counter) Message(_ proxy.Direction, m *proxy.Message)  { c.bytes += len(m.Header) }

func through(b *testing.B, tap func() proxy.Tap, data []byte, many int) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	p, err := proxy.New(proxy.Config{Target: server.Addr().String(), Tap: tap})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	b.Cleanup(func() { _ = server.Close(); stop(); <-done })
	near, err := net.Dial("tcp", p.Addr())
	if err != nil {
		b.Fatal(err)
	}
	far, err := server.Accept()
	if err != nil {
		b.Fatal(err)
	}
	read := make(chan error)
	go func() {
		into := make([]byte, len(data))
		for {
			_, err := io.ReadFull(far, into)
			read <- err
			if err != nil {
				return
			}
		}
	}()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := near.Write(data); err != nil {
			b.Fatal(err)
		}
		if err := <-read; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(many)*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	_ = near.Close()
	<-read
	_ = far.Close()
}

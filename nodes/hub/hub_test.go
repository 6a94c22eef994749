package hub_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/nodes/hub"
)

func TestOpenServes(t *testing.T) {
	h := open(t, t.TempDir())
	nc, err := nats.Connect(h.URL(), nats.Timeout(5*time.Second))
	if err != nil {
		t.Fatalf("connect to %s: %v", h.URL(), err)
	}
	defer nc.Close()
	if got, want := nc.ConnectedServerName(), hub.DefaultName; got != want {
		t.Errorf("server name = %q, want %q", got, want)
	}
	js := connect(t, h)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := js.Publish(t.Context(), "s", []byte("1")); err != nil {
		t.Fatal(err)
	}
}

// A folder can be closed and opened over and over, and keeps what was stored in it.
func TestReopen(t *testing.T) {
	data := t.TempDir()
	const rounds = 3
	for round := range rounds {
		h, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		js := connect(t, h)
		stream, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := stream.CachedInfo().State.Msgs, uint64(round); got != want {
			t.Errorf("round %d: %d messages, want %d", round, got, want)
		}
		if _, err := js.Publish(t.Context(), "s", nil); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	h := open(t, t.TempDir())
	url := h.URL()
	for range 2 {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if h.URL() != url {
		t.Errorf("URL after Close = %q, want %q", h.URL(), url)
	}
	if conn, err := h.InProcess().InProcessConn(); err == nil {
		conn.Close()
		t.Error("connected to a hub that is closed")
	}
}

// A client that subscribes to everything and then never reads, such as a process that
// was paused, does not hold Close up.
func TestCloseWithSilentClient(t *testing.T) {
	h := open(t, t.TempDir())
	silent, err := net.Dial("tcp", strings.TrimPrefix(h.URL(), "nats://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if _, err := io.WriteString(silent, "CONNECT {\"verbose\":false}\r\nSUB > 1\r\nPING\r\n"); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(silent); lines.Scan() && lines.Text() != "PONG"; {
	}
	nc := connect(t, h).Conn()
	for range 64 { // more than the kernel buffers, less than the server keeps for a client
		if err := nc.Publish("flood", make([]byte, 512<<10)); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestOpenWhenContextEnded(t *testing.T) {
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := hub.Open(ctx, hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0"}); !errors.Is(err, cause) {
		t.Errorf("Open = %v, want %v", err, cause)
	}
}

func TestConfigMistakes(t *testing.T) {
	for name, cfg := range map[string]hub.Config{
		"no data":    {},
		"max memory": {Data: t.TempDir(), MaxMemory: -1},
		"max store":  {Data: t.TempDir(), MaxStore: -1},
	} {
		cfg.Listen = "127.0.0.1:0"
		if h, err := hub.Open(t.Context(), cfg); err == nil {
			h.Close()
			t.Errorf("%s: Open succeeded", name)
		}
	}
}

// An acknowledgement means that the disk has it. A test cannot cut the power; that
// the server was told is as near as it gets.
func TestSyncsBeforeAcknowledging(t *testing.T) {
	running, ok := open(t, t.TempDir()).InProcess().(*server.Server)
	if !ok {
		t.Fatal("connections do not come from the server itself")
	}
	if config := running.JetStreamConfig(); config == nil || !config.SyncAlways {
		t.Errorf("JetStream runs with %+v, want SyncAlways", config)
	}
}

func ExampleOpen() {
	data, err := os.MkdirTemp("", "hub")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(data)

	h, err := hub.Open(context.Background(), hub.Config{Data: data, Listen: "127.0.0.1:0"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()

	client, err := nats.Connect("", nats.InProcessServer(h.InProcess()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	fmt.Println("connected to", client.ConnectedServerName())
	// Output: connected to roost-hub
}

// Limits reach the server: a stream that reserves more than MaxStore is refused.
func TestMaxStore(t *testing.T) {
	h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", MaxStore: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	js := connect(t, h)
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "S", Subjects: []string{"s"}, MaxBytes: 2 << 20})
	var refusal *jetstream.APIError
	if !errors.As(err, &refusal) {
		t.Errorf("stream of 2 MiB in a hub of 1 MiB: %v, want a refusal", err)
	}
}

// What the server says in passing is for debugging only.
func TestServerLogsAtDebugLevel(t *testing.T) {
	for level, want := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))
		h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: "127.0.0.1:0", Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(out.String(), "Starting JetStream"); got != want {
			t.Errorf("at level %s, server's notices logged = %t, want %t:\n%s", level, got, want, &out)
		}
	}
}

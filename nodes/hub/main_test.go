package hub_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/nodes/hub"
)

// childData names the data folder of a child process: the test binary, started again.
const childData = "ROOST_TEST_HUB_DATA"

func TestMain(m *testing.M) {
	if data := os.Getenv(childData); data != "" {
		if err := serveChild(data); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// serveChild opens a hub and publishes for as long as it lives. It prints a line
// when the hub serves, and one for each message that was acknowledged.
func serveChild(data string) error {
	ctx := context.Background()
	h, err := hub.Open(ctx, hub.Config{Data: data, Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	nc, err := nats.Connect("", nats.InProcessServer(h.InProcess()))
	if err != nil {
		return err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "T", Subjects: []string{"t.>"}}); err != nil {
		return err
	}
	for n := 1; ; n++ {
		if _, err := js.Publish(ctx, "t.count", fmt.Append(nil, n)); err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// child is a process that serves a hub.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

// startChild starts a process that serves a hub in the data folder, and waits until it serves.
func startChild(t *testing.T, data string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childData+"="+data)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	if line := c.line(t); line != "ready" {
		t.Fatalf("first line of the child = %q, want ready", line)
	}
	return c
}

func (c *child) line(t *testing.T) string {
	t.Helper()
	if !c.lines.Scan() {
		t.Fatalf("the child ended early: %v", c.lines.Err())
	}
	return c.lines.Text()
}

// kill ends the process with SIGKILL, and returns when it is gone.
func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// open opens a hub on any free port and closes it with the test.
func open(t *testing.T, data string) *hub.Hub {
	t.Helper()
	h, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// connect returns a client of the hub that is closed with the test.
func connect(t *testing.T, h *hub.Hub) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(h.InProcess()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

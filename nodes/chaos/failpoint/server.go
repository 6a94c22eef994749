package failpoint

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// Variables in the environment of a gateway.
const (
	// EnvSocket is the path of the socket that the gateway makes; empty: it makes none.
	EnvSocket = "ROOST_CHAOS"
	// EnvStep is by how much its wall clock is ahead from the beginning: -490000h.
	EnvStep = "ROOST_CHAOS_STEP"
)

// maxLine bounds a request.
const maxLine = 64 << 10

// Request is what a harness asks.
type Request struct {
	// Op is arm, disarm, hits or clock.
	Op    string `json:"op"`
	ID    string `json:"id,omitempty"` // of what is disarmed; empty: all
	Arm   *Arm   `json:"arm,omitempty"`
	Clock *Clock `json:"clock,omitempty"`
}

// Answer is what it is told.
type Answer struct {
	// Error is why nothing was changed.
	Error  string            `json:"error,omitempty"`
	Passed map[string]uint64 `json:"passed,omitempty"`
	Armed  []Status          `json:"armed,omitempty"`
	Wall   time.Time         `json:"wall"`
}

// Status returns what became of an Arm; false: it is not armed.
func (a Answer) Status(id string) (Status, bool) {
	for _, s := range a.Armed {
		if s.ID == id {
			return s, true
		}
	}
	return Status{}, false
}

// Serve answers requests at a socket until ctx ends. What was there under its name before is removed if it is
// a socket.
func (c *Controller) Serve(ctx context.Context, path string) error {
	listener, err := listen(path)
	if err != nil {
		return fmt.Errorf("open the socket for failpoints: %w", err)
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := listener.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("the socket for failpoints: %w", err)
		}
		all.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			defer func() { _ = conn.Close() }() // all was said
			c.talk(conn)
		})
	}
}

// listen makes the socket, for this user only.
func listen(path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// talk answers one connection's requests to its end.
func (c *Controller) talk(conn net.Conn) {
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, maxLine)
	to := json.NewEncoder(conn)
	for lines.Scan() {
		if err := to.Encode(c.answer(lines.Text())); err != nil {
			return
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		_ = to.Encode(Answer{Error: fmt.Sprintf("the request is longer than %d bytes", maxLine)}) // or nobody hears it
	}
}

func (c *Controller) answer(line string) Answer {
	var r Request
	decoder := json.NewDecoder(strings.NewReader(line))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&r)
	if err != nil {
		err = fmt.Errorf("the request is not understood: %w", err)
	} else {
		err = c.do(r)
	}
	a := Answer{Passed: c.Passed(), Armed: c.Armed(), Wall: c.Wall.Now()}
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

func (c *Controller) do(r Request) error {
	switch {
	case r.Op == "arm" && r.Arm != nil:
		return c.Arm(*r.Arm)
	case r.Op == "disarm":
		return c.Disarm(r.ID)
	case r.Op == "hits":
		return nil
	case r.Op == "clock" && r.Clock != nil:
		return c.Wall.Set(*r.Clock)
	case r.Op == "arm" || r.Op == "clock":
		return fmt.Errorf("%s needs a field %q that says what", r.Op, r.Op)
	}
	return fmt.Errorf("op is %q, and not arm, disarm, hits or clock", r.Op)
}

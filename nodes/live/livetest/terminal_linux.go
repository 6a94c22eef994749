package livetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is a pseudo terminal: what a program writes to it comes to a person, and the other way
// round.
type Terminal struct {
	*os.File          // the side of the program
	person   *os.File // the side of whoever sits at it

	mu      sync.Mutex
	seen    bytes.Buffer
	changed chan struct{} // holds a token when there is more to be seen
}

// Open opens a terminal of a size, and closes it with the test. Where there are none, the test is
// skipped.
func Open(t *testing.T, width, height uint16) *Terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	side, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { side.Close() })
	if err := unix.IoctlSetWinsize(int(side.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		t.Fatal(err)
	}
	terminal := &Terminal{File: side, person: person, changed: make(chan struct{}, 1)}
	go terminal.look()
	return terminal
}

// look reads what comes to the person, until the terminal is closed.
func (t *Terminal) look() {
	chunk := make([]byte, 4096)
	for {
		n, err := t.person.Read(chunk)
		if err != nil {
			return
		}
		t.mu.Lock()
		t.seen.Write(chunk[:n])
		t.mu.Unlock()
		select {
		case t.changed <- struct{}{}:
		default:
		}
	}
}

// Text is all that the person has seen.
func (t *Terminal) Text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen.String()
}

// Type has the person type keys.
func (t *Terminal) Type(tt *testing.T, keys string) {
	tt.Helper()
	if _, err := t.person.WriteString(keys); err != nil {
		tt.Fatal(err)
	}
}

// Until waits until the person has seen a text.
func (t *Terminal) Until(tt *testing.T, want string) {
	tt.Helper()
	ctx, cancel := context.WithTimeout(tt.Context(), 90*time.Second)
	defer cancel()
	for !strings.Contains(t.Text(), want) {
		select {
		case <-t.changed:
		case <-ctx.Done():
			tt.Fatalf("%q was not seen, but %q", want, t.Text())
		}
	}
}

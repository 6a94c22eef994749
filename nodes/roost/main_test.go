package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	roost "github.com/roost-iot/roost/nodes/roost"
)

// asRoost in the environment makes the test binary the program itself: what is tested are
// processes, as they are run.
const asRoost = "ROOST_TEST_AS_ROOST"

func TestMain(m *testing.M) {
	if os.Getenv(asRoost) != "" {
		roost.Main()
		return
	}
	os.Exit(m.Run())
}

// longest bounds every wait, so that a test that hangs says where.
const longest = 30 * time.Second

// command is the program with these arguments, and nothing of this user's environment.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(withoutRoost(os.Environ()), asRoost+"=1", "TERM=xterm-256color", "NO_COLOR=")
	return cmd
}

func withoutRoost(env []string) []string {
	var rest []string
	for _, e := range env {
		if !strings.HasPrefix(e, "ROOST_") && !strings.HasPrefix(e, "XDG_") {
			rest = append(rest, e)
		}
	}
	return rest
}

// result is what a command said and how it ended.
type result struct {
	out, err string
	code     int
}

// run runs a command to its end.
func run(t *testing.T, args ...string) result {
	t.Helper()
	return runWith(t, nil, args...)
}

// runIn runs a command with more in its environment.
func runIn(t *testing.T, env []string, args ...string) result {
	t.Helper()
	return runAs(t, nil, env, args...)
}

func runWith(t *testing.T, in io.Reader, args ...string) result {
	t.Helper()
	return runAs(t, in, nil, args...)
}

func runAs(t *testing.T, in io.Reader, env []string, args ...string) result {
	t.Helper()
	return runWithin(t, longest, in, env, args...)
}

// runWithin is runAs of a command that may take another time.
func runWithin(t *testing.T, wait time.Duration, in io.Reader, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	var out, errors bytes.Buffer
	cmd := command(ctx, args...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errors
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("roost %q did not end; it said\n%s%s", args, out.String(), errors.String())
	}
	return result{out.String(), errors.String(), exitCode(t, err)}
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return 0
}

// process is a program that runs on beside the test.
type process struct {
	cmd    *exec.Cmd
	lines  chan string // of its output
	seen   []string    // lines that were waited through
	errors lockedBuffer
	ended  chan struct{} // closed when it has ended
	state  *os.ProcessState
}

// start starts a program, which is killed with the test.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startCommand(t, command(context.Background(), args...))
}

// startCommand is start of a command that is somewhat different.
func startCommand(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, lines: make(chan string), ended: make(chan struct{})}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = &p.errors
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		go func() { // so that it is not held up by a line that nobody reads
			for range p.lines {
			}
		}()
		<-p.ended
	})
	go p.watch(out)
	return p
}

// watch hands on what the program says, and notes its end.
func (p *process) watch(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		p.lines <- lines.Text()
	}
	close(p.lines)
	_ = p.cmd.Wait() // the state says it all
	p.state = p.cmd.ProcessState
	close(p.ended)
}

// until waits for a line with a text in it, or finds it in what was said before.
func (p *process) until(t *testing.T, text string) string {
	t.Helper()
	return p.untilWithin(t, longest, text)
}

// untilWithin is until for what may take another time.
func (p *process) untilWithin(t *testing.T, wait time.Duration, text string) string {
	t.Helper()
	for _, line := range p.seen {
		if strings.Contains(line, text) {
			return line
		}
	}
	timeout := time.After(wait)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				t.Fatalf("the program ended without a line with %q; it said\n%s\n%s", text, strings.Join(p.seen, "\n"), p.errors.String())
			}
			if p.seen = append(p.seen, line); strings.Contains(line, text) {
				return line
			}
		case <-timeout:
			t.Fatalf("no line with %q came, but\n%s\n%s", text, strings.Join(p.seen, "\n"), p.errors.String())
		}
	}
}

// signal sends a signal and returns the exit code of the program, -1 if the signal ended it, and how long
// it took to end. Lines that come meanwhile are dropped.
func (p *process) signal(t *testing.T, s os.Signal) (code int, took time.Duration) {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	timeout := time.After(longest)
	lines := p.lines
	for {
		select {
		case _, ok := <-lines:
			if !ok {
				lines = nil
			}
		case <-p.ended:
			return p.state.ExitCode(), time.Since(began)
		case <-timeout:
			t.Fatalf("the program did not end after %v; it said %s", s, p.errors.String())
		}
	}
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// instance is a roost up that serves.
type instance struct {
	*process
	t    *testing.T
	url  string
	data string
}

// up starts roost up on any port, and returns when it serves. data is a new folder if it is empty.
func up(t *testing.T, data string, flags ...string) *instance {
	t.Helper()
	if data == "" {
		data = t.TempDir()
	}
	p := start(t, append([]string{"up", "--listen", "127.0.0.1:0", "--data", data}, flags...)...)
	ready := p.until(t, "ready ")
	words := strings.Fields(ready)
	if words[0] != "ready" || len(words) < 2 || !strings.HasPrefix(words[1], "nats://127.0.0.1:") {
		t.Fatalf("got the line %q", ready)
	}
	return &instance{process: p, t: t, url: words[1], data: data}
}

// drain lets the program say what it wants from here on.
func (i *instance) drain() *instance {
	go func() { // ends with the program
		for range i.lines {
		}
	}()
	return i
}

// run runs a client command against the instance.
func (i *instance) run(args ...string) result {
	i.t.Helper()
	return run(i.t, append(args, "--hub", i.url)...)
}

// stop ends the program in order.
func (i *instance) stop() {
	i.t.Helper()
	if code, _ := i.signal(i.t, syscall.SIGTERM); code != 0 {
		i.t.Errorf("stopped with exit code %d: %s", code, i.errors.String())
	}
}

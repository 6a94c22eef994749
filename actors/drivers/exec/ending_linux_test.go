package exec_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/exec"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// pid asks a program for the number of its process.
func pid(t testing.TB, s actors.Session) int {
	t.Helper()
	samples, err := poll(within(t, 5*time.Second), s, "level")
	if err != nil {
		t.Fatal(err)
	}
	return int(samples[0].Value.GetUint())
}

// runs tells whether a process runs: one that has ended may still have its number, until its parent looks.
func runs(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// ends waits until a process has ended.
func ends(t testing.TB, pid int, within time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for runs(pid) {
		if time.Since(began) > within {
			t.Fatalf("process %d still runs after %v", pid, within)
		}
		<-time.After(time.Millisecond)
	}
	return time.Since(began)
}

// TestCloseEndsProgram: whatever it does, and what it has started with it.
func TestCloseEndsProgram(t *testing.T) {
	closed, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name, how, address string
		ctx                context.Context
		stopped            bool
		from, to           time.Duration
	}{
		{"by the end of its input", "usual", "stop=3s", t.Context(), false, 0, 2 * time.Second},
		{"by SIGTERM", "deaf", "stop=100ms", t.Context(), false, 100 * time.Millisecond, 900 * time.Millisecond},
		{"by SIGKILL", "stays", "stop=100ms", t.Context(), false, 1100 * time.Millisecond, 3 * time.Second},
		{"by SIGKILL at once", "stays", "stop=3s", closed, false, 0, 900 * time.Millisecond},
		{"stopped", "usual", "stop=100ms", t.Context(), true, 1100 * time.Millisecond, 3 * time.Second},
		{"with its children", "forks", "stop=3s", t.Context(), false, 0, 2 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			driver, d := behaving(t, tt.how, tt.address)
			s := opened(t, driver, d)
			number := 0
			if tt.how != "deaf" {
				number = pid(t, s)
			}
			if tt.stopped {
				send(t, number, syscall.SIGSTOP)
			}
			began := time.Now()
			if err := s.Close(tt.ctx); err != nil {
				t.Error(err)
			}
			took := time.Since(began)
			if took < tt.from || took > tt.to {
				t.Errorf("it took %v, want %v to %v", took, tt.from, tt.to)
			}
			if number > 0 {
				ends(t, number, time.Second)
			}
			t.Logf("ended after %v", took.Round(time.Millisecond))
		})
	}
}

func send(t testing.TB, pid int, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsSaidTooLate: to a device that is another gateway's already, not even that its session has ended.
func TestNothingIsSaidTooLate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "end")
	script := filepath.Join(t.TempDir(), "driver")
	text := "#!/bin/sh\nwhile read -r q; do echo '{\"id\":1,\"ok\":true}'; done\necho >" + file + "\n"
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	driver := &exec.Driver{Allow: []string{script}}
	closed, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 20 {
		s, err := driver.Open(t.Context(), device("program="+script))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(closed); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(file); err == nil {
			t.Fatalf("the program saw the end of its input, at the %d. time", i+1)
		}
	}
	s, err := driver.Open(t.Context(), device("program="+script))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the program did not see the end of its input: %v", err)
	}
}

// TestStoppedProgram: of a program that stands still polls fail, and it is served again when it goes on.
func TestStoppedProgram(t *testing.T) {
	driver, d := behaving(t, "usual", "")
	s := opened(t, driver, d)
	number := pid(t, s)
	send(t, number, syscall.SIGSTOP)
	for range 2 {
		if _, err := poll(within(t, 50*time.Millisecond), s, "level"); err == nil || errors.Is(err, actors.ErrSessionOver) {
			t.Errorf("poll of a program that stands still: %v", err)
		}
	}
	send(t, number, syscall.SIGCONT)
	went := time.Now()
	if got := pid(t, s); got != number {
		t.Errorf("the program is %d, want %d", got, number)
	}
	t.Logf("read again %v after it went on", time.Since(went).Round(time.Microsecond))
}

// TestStoppedProgramIsNotLate: an action that a program did not answer in time cannot be done when it goes on.
func TestStoppedProgramIsNotLate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "asked")
	driver, d := behaving(t, "act-count", "arg3="+file)
	s := opened(t, driver, d)
	number := pid(t, s)
	send(t, number, syscall.SIGSTOP)
	_, err := actuate(within(t, 100*time.Millisecond), s, write("level", roostv1.Uint(1)))
	if err == nil || errors.Is(err, actors.ErrNotSent) || !errors.Is(err, actors.ErrSessionOver) {
		t.Errorf("action: %v, want an unknown outcome and the end", err)
	}
	took := ends(t, number, 2*time.Second)
	_ = syscall.Kill(number, syscall.SIGCONT) // it has gone
	if _, err := os.Stat(file); err == nil {
		t.Error("the program has acted after its time")
	}
	t.Logf("ended %v after the deadline", took.Round(time.Millisecond))
}

// TestKilledProgram: the session is over at once, and the next one works.
func TestKilledProgram(t *testing.T) {
	driver, d := behaving(t, "usual", "")
	s := opened(t, driver, d)
	send(t, pid(t, s), syscall.SIGKILL)
	killed := time.Now()
	if _, err := poll(within(t, 5*time.Second), s, "level"); !errors.Is(err, actors.ErrSessionOver) || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("poll: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	pid(t, opened(t, driver, d))
	t.Logf("read again %v after it was killed", time.Since(killed).Round(time.Millisecond))
}

// envGateway has the test's binary play a gateway that opens a device and says the number of the program's process.
const envGateway = "ROOST_TEST_EXEC_GATEWAY"

// TestKilledGateway: a program does not outlive a gateway that is killed, even one that looks at nothing.
func TestKilledGateway(t *testing.T) {
	if os.Getenv(envGateway) != "" {
		driver, d := behaving(t, "stays", "")
		s := opened(t, driver, d)
		fmt.Println("program", pid(t, s))
		hang()
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	gateway := osexec.Command(self, "-test.run", "^TestKilledGateway$", "-test.v")
	gateway.Env = append(os.Environ(), envGateway+"=1")
	out, err := gateway.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := gateway.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = gateway.Process.Kill()
		_ = gateway.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text, ok := strings.CutPrefix(lines.Text(), "program ")
		if !ok {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil || !runs(number) {
			t.Fatalf("the gateway's program is %q, %v", text, err)
		}
		t.Cleanup(func() {
			if runs(number) { // the test has failed
				_ = syscall.Kill(number, syscall.SIGKILL)
			}
		})
		send(t, gateway.Process.Pid, syscall.SIGKILL)
		t.Logf("ended %v after the gateway", ends(t, number, 2*time.Second).Round(time.Millisecond))
		return
	}
	t.Fatal("the gateway opened no device")
}

func init() {
	behaviours["escapes"] = func(q question, c conversation) {
		child := osexec.Command("sleep", "3")
		child.Stdout, child.Stderr, child.SysProcAttr = os.Stdout, os.Stderr, &syscall.SysProcAttr{Setsid: true}
		if err := child.Start(); err != nil {
			panic(err)
		}
		q.usual()
		for q, ok := c.next(); ok; q, ok = c.next() {
			q.usual()
		}
	}
}

// TestEscapedProcess: a process that left the program's group and holds its output open holds up nobody.
func TestEscapedProcess(t *testing.T) {
	driver, d := behaving(t, "escapes", "")
	s := opened(t, driver, d)
	began := time.Now()
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("close took %v", took)
	}
	s = opened(t, driver, d)
	send(t, pid(t, s), syscall.SIGKILL)
	if _, err := poll(within(t, 2*time.Second), s, "level"); !errors.Is(err, actors.ErrSessionOver) {
		t.Errorf("poll of a program that was killed: %v", err)
	}
}

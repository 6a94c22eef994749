package main_test

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/roost-iot/roost/nodes/live/livetest"
)

// onTerminal starts the program with a terminal of its own.
func onTerminal(t *testing.T, terminal *livetest.Terminal, env []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t.Context(), args...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal.File, terminal.File, terminal.File
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// TestUpOnTerminal: the ready line before the table, the table, and a terminal that is as it was.
func TestUpOnTerminal(t *testing.T) {
	for name, end := range map[string]string{"q": "q", "Ctrl-C": "\x03"} {
		t.Run(name, func(t *testing.T) {
			terminal := livetest.Open(t, 100, 30)
			cmd := onTerminal(t, terminal, nil, "up", "--listen", "127.0.0.1:0", "--data", t.TempDir())
			terminal.Until(t, "q quits")
			before, _, _ := strings.Cut(terminal.Text(), "\x1b[?1049h")
			if !strings.Contains(before, "\nready nats://127.0.0.1:") {
				t.Errorf("before the table came %q", before)
			}
			for _, want := range []string{"roost · ready nats://127.0.0.1:", "thermostat", "LAST EVENT", "run false", "\x1b[32monline\x1b[0m"} {
				terminal.Until(t, want)
			}
			terminal.Type(t, end)
			if err := cmd.Wait(); err != nil {
				t.Errorf("ended with %v", err)
			}
			terminal.Until(t, "\x1b[?1049l")
			terminal.Until(t, "stopped")
		})
	}
}

// TestUpOnTerminalOfOnesOwn: what is to be tried in another terminal is there.
func TestUpOnTerminalOfOnesOwn(t *testing.T) {
	fleet := write(t, "devices:\n  - {id: my-pump, profile: sim-pump, driver: sim}\n")
	for hint, args := range map[string][]string{"roost device show my-pump": {"--fleet", fleet}, "roost send pump start": nil} {
		terminal := livetest.Open(t, 120, 24)
		onTerminal(t, terminal, nil, append([]string{"up", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--health", "off"}, args...)...)
		terminal.Until(t, "in another terminal: "+hint+" --hub nats://")
	}
}

// TestUpOnTerminalStops when it is told to, with the table on.
func TestUpOnTerminalStops(t *testing.T) {
	terminal := livetest.Open(t, 80, 24)
	cmd := onTerminal(t, terminal, nil, "up", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	terminal.Until(t, "q quits")
	began := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v to stop", took)
	}
	terminal.Until(t, "\x1b[?1049l")
}

// TestColors: on a terminal there are some, unless nobody wants them.
func TestColors(t *testing.T) {
	i := up(t, "").drain()
	for name, test := range map[string]struct {
		env     []string
		colored bool
	}{
		"terminal": {nil, true}, "NO_COLOR": {[]string{"NO_COLOR=1"}, false}, "dumb": {[]string{"TERM=dumb"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			terminal := livetest.Open(t, 80, 24)
			if err := onTerminal(t, terminal, test.env, "devices", "--hub", i.url).Wait(); err != nil {
				t.Fatal(err)
			}
			terminal.Until(t, "valve")
			if got := strings.Contains(terminal.Text(), "\x1b"); got != test.colored {
				t.Errorf("colours: %v, want %v: %q", got, test.colored, terminal.Text())
			}
		})
	}
}

// TestSilentTerminal: a terminal that answers no questions, as those of scripts do not, is not waited for.
func TestSilentTerminal(t *testing.T) {
	terminal := livetest.Open(t, 80, 24)
	began := time.Now()
	if err := onTerminal(t, terminal, nil, "version").Wait(); err != nil {
		t.Fatal(err)
	}
	terminal.Until(t, "roost ")
	if text := terminal.Text(); strings.Contains(text, "\x1b") || time.Since(began) > 4*time.Second {
		t.Errorf("after %v: %q", time.Since(began), text)
	}
}

// TestPlot: on a terminal, readings are drawn as well.
func TestPlot(t *testing.T) {
	i := up(t, "", "--fleet", write(t, fastFleet)).drain()
	i.run("readings", "s1", "--follow", "--limit", "60")
	terminal := livetest.Open(t, 80, 50)
	if err := onTerminal(t, terminal, nil, "readings", "s1", "--resource", "count", "--hub", i.url).Wait(); err != nil {
		t.Fatal(err)
	}
	terminal.Until(t, "┤")
	terminal.Until(t, "readings before these are not shown")
}

func TestWatch(t *testing.T) {
	i := up(t, "").drain()
	terminal := livetest.Open(t, 80, 24)
	cmd := onTerminal(t, terminal, nil, "devices", "--watch", "--hub", i.url)
	for _, want := range []string{"fleet roost", "5 devices", "thermostat", "LAST VALUE"} {
		terminal.Until(t, want)
	}
	terminal.Type(t, "q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

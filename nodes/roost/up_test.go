package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// write writes a file and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestUp: the line that scripts wait for, the events before and after it, and an end in order.
func TestUp(t *testing.T) {
	p := start(t, "up", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	for _, want := range []string{"starting with data in ", "gw-1        gateway gw-1 joined", "ready nats://127.0.0.1:"} {
		if line := p.until(t, want); want == "ready nats://127.0.0.1:" && !strings.HasPrefix(line, "ready nats://") {
			t.Errorf("got the line %q", line)
		}
	}
	line := p.until(t, "cellar      failed: ")
	if !strings.Contains(line, "; attempt ") || !strings.Contains(line, " in ") {
		t.Errorf("a failure does not say what comes next: %q", line)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.until(t, "stopping")
	p.until(t, "gw-1        gateway gw-1 left")
	p.until(t, "stopped")
	<-p.ended
	if code := p.state.ExitCode(); code != 0 || p.errors.String() != "" {
		t.Errorf("ended with exit code %d and %q", code, p.errors.String())
	}
}

// TestUpRefuses: what cannot be started says why in one line and leaves nothing behind that runs.
func TestUpRefuses(t *testing.T) {
	used := up(t, "").drain()
	_, port, _ := strings.Cut(used.url, "nats://")
	file := write(t, "")
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"port in use", []string{"--listen", port, "--data", t.TempDir()}, 69, "address in use"},
		{"folder in use", []string{"--data", used.data}, 69, "data folder in use"},
		{"folder not writable", []string{"--data", "/proc/roost"}, 73, "data folder not writable"},
		{"no folder", []string{"--data", file}, 73, "not a folder"},
		{"beyond loopback", []string{"--listen", "0.0.0.0:0", "--data", t.TempDir()}, 64, "not loopback"},
		{"no address", []string{"--listen", "4222", "--data", t.TempDir()}, 64, "must be host:port"},
		{"no id", []string{"--id", "gw.1"}, 64, `--id "gw.1": character '.'`},
		{"no fleet name", []string{"--fleet-name", "a b"}, 64, `--fleet-name "a b"`},
		{"no level", []string{"--log-level", "loud"}, 64, `--log-level "loud" is none of`},
		{"no such flag", []string{"--flot", "x"}, 64, "unknown flag: --flot"},
		{"an argument", []string{"fleet.yaml"}, 64, `unexpected argument "fleet.yaml"`},
		{"no such file", []string{"--fleet", "nowhere.yaml"}, 65, "nowhere.yaml"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, append([]string{"up", "--listen", "127.0.0.1:0"}, test.args...)...)
			if got.code != test.code || !strings.HasPrefix(got.err, "roost: ") || !strings.Contains(got.err, test.want) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("exit code %d, want %d with one line that has %q:\n%s", got.code, test.code, test.want, got.err)
			}
		})
	}
}

// TestFleetFileProblems: all of them come at once, with line and column, and nothing is started.
func TestFleetFileProblems(t *testing.T) {
	file := write(t, `devices:
  - {id: pump-1, profile: sim-pump, driver: sim, poll_intervall: 1s}
  - {id: pump-2, profile: sim-pmp, driver: sim}
  - {id: pump-3, profile: sim-pump, driver: simm}
  - {id: pump-3, profile: sim-pump, driver: sim, poll_interval: fast}
  - {id: pump-4, profile: sim-pump, driver: sim, address: {ramp: fast}}
`)
	data := filepath.Join(t.TempDir(), "data")
	got := run(t, "up", "--fleet", file, "--data", data)
	if got.code != 65 {
		t.Errorf("exit code %d, want 65", got.code)
	}
	for _, want := range []string{
		":2:50: there is no field", ":3:27: device pump-2: there is no profile sim-pmp", ":4:45: device pump-3: there is no driver simm", ":5:65: poll_interval: expected a duration",
		`:6:60: device pump-4: "fast" is not a`,
	} {
		if !strings.Contains(got.err, file+want) {
			t.Errorf("%s is missing in\n%s", want, got.err)
		}
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Errorf("the data folder is there: %v", err)
	}
}

// TestFleetFile: the devices of a file are those that run, and they are there again without it.
func TestFleetFile(t *testing.T) {
	file := write(t, `
profiles:
  - id: room
    resources: [{name: temperature, type: double, unit: Cel}]
devices:
  - {id: room-1, profile: room, driver: sim, address: {kind: sensor}, poll_interval: 50ms}
`)
	first := up(t, "", "--fleet", file)
	if got := deviceIDs(t, first.run("devices", "--json")); got != "room-1" {
		t.Errorf("got the devices %s", got)
	}
	first.stop()
	again := up(t, first.data).drain()
	if got := deviceIDs(t, again.run("devices", "--json")); got != "room-1" {
		t.Errorf("after a start without the file: got the devices %s", got)
	}
}

// TestRetiredStaysRetired: what was retired does not come back with the next start.
func TestRetiredStaysRetired(t *testing.T) {
	first := up(t, "")
	if got := first.run("device", "retire", "valve"); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	first.stop()
	again := up(t, first.data).drain()
	if got, want := deviceIDs(t, again.run("devices", "--json")), "cellar host pump thermostat"; got != want {
		t.Errorf("got the devices %s, want %s", got, want)
	}
}

// TestSecondSignal ends the program at once, also while it stops.
func TestSecondSignal(t *testing.T) {
	// A device whose closing hangs holds up the end in order.
	file := write(t, `
devices:
  - {id: pump, profile: sim-pump, driver: sim, poll_interval: 50ms, address: {fault.close.hang: always for 1h}}
`)
	i := up(t, "", "--fleet", file)
	if err := i.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	i.until(t, "stopping")
	if code, took := i.signal(t, os.Interrupt); code != 130 || took > time.Second {
		t.Errorf("ended with exit code %d after %v, want 130 and at once", code, took)
	}
}

// TestStopsInTime: however its devices behave.
func TestStopsInTime(t *testing.T) {
	file := write(t, `
devices:
  - {id: hung, profile: sim-pump, driver: sim, poll_interval: 50ms, address: {fault.close.hang: always for 1h, fault.poll.hang: always for 1h}}
  - {id: well, profile: sim-pump, driver: sim, poll_interval: 50ms}
`)
	i := up(t, "", "--fleet", file)
	code, took := i.signal(t, syscall.SIGTERM)
	if took > 5*time.Second {
		t.Errorf("took %v to stop, at most 5s are promised", took)
	}
	if code != 0 && i.errors.String() == "" {
		t.Errorf("ended with exit code %d and did not say why", code)
	}
}

package main_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/roost-iot/roost/cluster"
)

// TestHub: the lines that scripts wait for, a client, and an end in order.
func TestHub(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	p := start(t, "hub", "--listen", "127.0.0.1:0")
	folder := strings.TrimPrefix(p.until(t, "starting with data in "), "starting with data in ")
	if !strings.HasPrefix(folder, home) || filepath.Base(folder) != "roost-hub" {
		t.Errorf("keeps its data in %s", folder)
	}
	url := readyURL(t, p)
	if got := run(t, "devices", "--hub", url); got.code != 69 || !strings.Contains(got.err, "no gateway of it has run there yet") {
		t.Errorf("devices of a hub without a fleet: %+v", got)
	}
	ensureFleet(t, url)
	if got := run(t, "devices", "--hub", url); got.code != 0 {
		t.Errorf("devices: %+v", got)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.until(t, "stopping")
	p.until(t, "stopped")
	<-p.ended
	if code := p.state.ExitCode(); code != 0 || p.errors.String() != "" {
		t.Errorf("ended with exit code %d and %q", code, p.errors.String())
	}
}

// readyURL waits until a hub can be used, and returns the address that it says.
func readyURL(t *testing.T, p *process) string {
	t.Helper()
	words := strings.Fields(p.until(t, "ready "))
	if words[0] != "ready" || !strings.HasPrefix(words[1], "nats://127.0.0.1:") {
		t.Fatalf("got the line %q", words)
	}
	return words[1]
}

// ensureFleet makes the streams of a fleet, as its first gateway does: it waits for the hub.
func ensureFleet(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := cluster.ConnectGateway(url, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	names, err := cluster.SubjectsOf(cluster.DefaultFleet)
	if err != nil {
		t.Fatal(err)
	}
	insist(t, "streams of the fleet", func(ctx context.Context) error { return cluster.Schema{}.Ensure(ctx, nc, names) })
	return nc
}

// insist tries until it succeeds.
func insist(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	for {
		one, done := context.WithTimeout(ctx, 2*time.Second)
		err := try(one)
		done()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestHubRefuses(t *testing.T) {
	used := start(t, "hub", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	url := readyURL(t, used)
	taken := strings.TrimPrefix(url, "nats://")
	alone := t.TempDir()
	if err := os.WriteFile(filepath.Join(alone, "mode"), []byte("standalone\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	north := func(flags ...string) []string { return append([]string{"--cluster", "north"}, flags...) }
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"port in use", []string{"--listen", taken}, 69, "choose another address with --listen"},
		{"beyond loopback", []string{"--listen", "0.0.0.0:0"}, 64, "not loopback"},
		{"no level", []string{"--log-level", "loud"}, 64, `--log-level "loud" is none of`},
		{"an argument", []string{"north"}, 64, `there is no command "north"`},
		{"cluster only", north(), 64, "all of --cluster, --route and --peers"},
		{"no cluster", []string{"--peers", "127.0.0.1:1,127.0.0.1:2"}, 64, "all of --cluster, --route and --peers"},
		{"no name", []string{"--cluster", "a b", "--route", "127.0.0.1:1", "--peers", "127.0.0.1:2"}, 64, `--cluster "a b"`},
		{"one peer", north("--route", "127.0.0.1:1", "--peers", "127.0.0.1:2"), 64, "bad list of peers"},
		{"route beyond loopback", north("--route", "0.0.0.0:1", "--peers", "127.0.0.1:2,127.0.0.1:3"), 64, "not loopback"},
		{"peer beyond loopback", north("--route", "127.0.0.1:1", "--peers", "192.0.2.1:2,127.0.0.1:3"), 64, "192.0.2.1:2"},
		{"route in use", north("--route", taken, "--peers", "127.0.0.1:2,127.0.0.1:3"), 69, "choose another address with --route"},
		{"folder of another kind", north("--route", "127.0.0.1:1", "--peers", "127.0.0.1:2,127.0.0.1:3", "--data", alone), 73, "standalone"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := run(t, append([]string{"hub", "--listen", "127.0.0.1:0", "--data", t.TempDir()}, test.args...)...)
			if got.code != test.code || !strings.HasPrefix(got.err, "roost: ") || !strings.Contains(got.err, test.want) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("exit code %d, want %d with one line that has %q:\n%s", got.code, test.code, test.want, got.err)
			}
		})
	}
}

func TestHubCompletion(t *testing.T) {
	for flag, want := range map[string]string{"--log-level": "debug info warn error", "--peers": "", "--cluster": ""} {
		if got := strings.Join(complete(t, "hub", flag, ""), " "); got != want {
			t.Errorf("%s: got %q, want %q", flag, got, want)
		}
	}
}

package hub_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/nodes/hub"
)

func TestListenBeyondLoopback(t *testing.T) {
	for _, listen := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:4222", "[2001:db8::1]:4222"} {
		refuse(t, hub.Config{Data: t.TempDir(), Listen: listen}, hub.ErrNotLoopback)
	}
}

func TestListenMalformed(t *testing.T) {
	for _, listen := range []string{"4222", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:nats",
		"hub.example:4222", "127.1:4222", "::1:4222", "nats://127.0.0.1:4222", "localhost.:4222", "\x00:1"} {
		refuse(t, hub.Config{Data: t.TempDir(), Listen: listen}, hub.ErrAddress)
	}
}

func TestListenOnLoopback(t *testing.T) {
	for listen, want := range map[string]string{
		"localhost:0": "nats://127.0.0.1:",
		"127.0.0.2:0": "nats://127.0.0.2:",
		"[::1]:0":     "nats://[::1]:",
	} {
		t.Run(listen, func(t *testing.T) {
			host, _, _ := net.SplitHostPort(listen)
			if probe, err := net.Listen("tcp", net.JoinHostPort(host, "0")); err != nil {
				t.Skipf("this system has no %s: %v", host, err)
			} else {
				probe.Close()
			}
			h, err := hub.Open(t.Context(), hub.Config{Data: t.TempDir(), Listen: listen})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if !strings.HasPrefix(h.URL(), want) {
				t.Errorf("URL = %q, want %q and a port", h.URL(), want)
			}
			conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL(), "nats://"))
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
		})
	}
}

func TestAddressInUse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	data := t.TempDir()
	message := refuse(t, hub.Config{Data: data, Listen: listener.Addr().String()}, hub.ErrAddressInUse)
	for _, want := range []string{listener.Addr().String(), "--listen"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q does not mention %s", message, want)
		}
	}
	if _, err := os.Stat(filepath.Join(data, "js-standalone", "jetstream")); err == nil {
		t.Error("the store was opened for an address that is taken")
	}
	open(t, data) // the folder was given up
}

//go:build unix

package main_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const secretFleet = `
profiles:
  - id: boiler
    resources: [{name: level, type: uint, access: read, protocol: {path: /level}}]
devices:
  - {id: boiler-1, profile: boiler, driver: http, poll_interval: 1s, address: {url: %q, token: "file:%s"}}
`

// TestSecrets: a gateway, and one in a process of its own, sends devices those secrets that are in its places, whatever the fleet names.
func TestSecrets(t *testing.T) {
	device := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("7"))
	}))
	t.Cleanup(device.Close)
	data, elsewhere := t.TempDir(), t.TempDir()
	files := map[bool]string{true: filepath.Join(data, "secrets", "token"), false: filepath.Join(elsewhere, "token")}
	for _, file := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("hunter2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		in    bool // where secrets are if nothing is said
		read  bool
		flags []string
	}{
		{"by itself", true, true, nil},
		{"elsewhere", false, false, nil},
		{"named", false, true, []string{"--secrets", elsewhere}},
		{"others are named", true, false, []string{"--secrets", elsewhere, "--secrets", "env:TOKEN"}},
		{"elsewhere in another process", false, false, []string{"--gateways", "1"}},
		{"named in another process", false, true, []string{"--gateways", "1", "--secrets", files[false]}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			own := t.TempDir()
			if err := os.CopyFS(filepath.Join(own, "secrets"), os.DirFS(filepath.Join(data, "secrets"))); err != nil {
				t.Fatal(err)
			}
			file := files[tt.in]
			if tt.in {
				file = filepath.Join(own, "secrets", "token")
			}
			i := up(t, own, append(tt.flags, "--fleet", write(t, fmt.Sprintf(secretFleet, device.URL, file)))...).drain()
			got := i.run("device", "show", "boiler-1", "--timeout", "10s")
			refused := strings.Contains(got.out, "does not read the secret file:"+file) && strings.Contains(got.out, "--secrets") && strings.Contains(got.out, "key token")
			if refused == tt.read || tt.read && !strings.Contains(got.out, "level") {
				t.Errorf("the device shows\n%s%s", got.out, got.err)
			}
			if all := got.out + got.err + i.errors.String(); strings.Contains(all, "hunter2") {
				t.Errorf("the secret is shown:\n%s", all)
			}
			i.stop()
		})
	}
}

// TestSecretsRefuses: what is no place of secrets cannot be one.
func TestSecretsRefuses(t *testing.T) {
	for _, command := range []string{"up", "gateway --id gw-1"} {
		for _, place := range []string{"/nowhere/at/all", "env:", "env:A=B", ""} {
			got := run(t, append(strings.Fields(command), "--secrets", place)...)
			if got.code != 64 || !strings.Contains(got.err, "--secrets "+place) {
				t.Errorf("%s: %+v", command, got)
			}
		}
	}
	if got := runIn(t, []string{"ROOST_SECRETS=env:A,/nowhere/at/all"}, "up"); got.code != 64 || !strings.Contains(got.err, "--secrets /nowhere/at/all") {
		t.Errorf("by the environment: %+v", got)
	}
}

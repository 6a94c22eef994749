//go:build unix

package httpdev_test

import (
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The server here is lighttpd, which asks who one is by digest authentication, with MD5 and with SHA-256.

// device.sh is what the server runs: it notes what is written, and has it.
const deviceScript = `#!/bin/sh
cd "$DOCUMENT_ROOT"
if [ "$REQUEST_METHOD" = POST ]; then
	read -r level
	echo "$REMOTE_USER $level" >>writes
	echo "$level" >level
fi
printf 'Content-Type: application/json\r\n\r\n{"level": %s}\n' "$(cat level)"
`

type digestPeer struct {
	*peertest.Peer
	root, url string
}

func startDigestPeer(t testing.TB) *digestPeer {
	t.Helper()
	peertest.Need(t, peertest.Program("lighttpd", "lighttpd"))
	root, at := t.TempDir(), peertest.FreeAddress(t, "tcp")
	users := fmt.Sprintf("roost:md5:%x\nroost:sha256:%x\n", md5.Sum([]byte("roost:md5:hunter2")), sha256.Sum256([]byte("roost:sha256:hunter2")))
	for name, text := range map[string]string{
		"users": users, "level": "3\n", "writes": "", "md5/device.sh": deviceScript, "sha256/device.sh": deviceScript,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	config, err := filepath.Abs(filepath.Join("testdata", "lighttpd.conf"))
	if err != nil {
		t.Fatal(err)
	}
	return &digestPeer{root: root, url: "http://" + at, Peer: peertest.Start(t, peertest.Command{
		Name: "lighttpd", Args: []string{"-D", "-f", config}, Ready: []peertest.Ready{peertest.Listens(at)},
		Env: []string{"ROOST_PORT=" + peertest.Port(at), "ROOST_ROOT=" + root},
	})}
}

func (p *digestPeer) device(t testing.TB, algorithm string, access roostv1.Access, protocol string) actors.Device {
	t.Helper()
	t.Setenv("ROOST_TEST_PASSWORD", "hunter2")
	return device(fmt.Sprintf("url=%s/%s; username=roost; password=env:ROOST_TEST_PASSWORD; auth=digest", p.url, algorithm),
		resource("level", isUint, access, protocol))
}

const (
	scriptPath = "path=/device.sh?a=b%20c; json=$.level"
	scriptSet  = "write_path=/device.sh"
)

func (p *digestPeer) writes(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.root, "writes"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

// TestDigestContract: the driver keeps its contract with a server that asks who we are.
func TestDigestContract(t *testing.T) {
	p := startDigestPeer(t)
	for _, algorithm := range []string{"md5", "sha256"} {
		t.Run(algorithm, func(t *testing.T) {
			drivertest.Run(t, newDriver(), p.device(t, algorithm, both, scriptPath), drivertest.Options{Actions: []actors.Action{write("level", roostv1.Uint(5))}})
		})
	}
}

// TestDigestPeer: a device is read and written with credentials that are never sent, and is written once, also when it is asked who we
// are in the middle, and of a device that was never read.
func TestDigestPeer(t *testing.T) {
	for _, algorithm := range []string{"md5", "sha256"} {
		t.Run(algorithm, func(t *testing.T) {
			p := startDigestPeer(t)
			s := opened(t, p.device(t, algorithm, both, scriptPath))
			wantValues(t, s, map[string]string{"level": "3"})
			for n := range 3 {
				if err := actuate(t.Context(), s, write("level", roostv1.Uint(uint64(4+n)))); err != nil {
					t.Fatal(err)
				}
			}
			wantValues(t, s, map[string]string{"level": "6"})
			unread := opened(t, p.device(t, algorithm, writeOnly, scriptSet))
			if err := actuate(t.Context(), unread, write("level", roostv1.Uint(7))); err != nil {
				t.Error(err)
			}
			p.Restart(t)
			if err := actuate(t.Context(), s, write("level", roostv1.Uint(8))); err != nil {
				t.Error(err)
			}
			if got, want := strings.Join(p.writes(t), ", "), "roost 4, roost 5, roost 6, roost 7, roost 8"; got != want {
				t.Errorf("the device was told %s, want %s", got, want)
			}
			d := p.device(t, algorithm, both, scriptPath)
			t.Setenv("ROOST_TEST_PASSWORD", "hunter3")
			if _, err := newDriver().Open(t.Context(), d); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "hunter3") {
				t.Errorf("opened with a wrong password: %v", err)
			}
		})
	}
}

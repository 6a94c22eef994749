package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub/guard"
)

// What is wrong with a credential, a certificate or a hub is said in one line, by every command that dials, with what
// to do about it. A gateway says it too, and goes on waiting.
func TestBadCredentials(t *testing.T) {
	s := startGuarded(t)
	s.enrol("operator", "ann")
	s.enrol("operator", "gone")
	s.enrol("gateway", "g1")
	s.want(0, "has no devices", "ann", "devices") // the hub knows them
	other := startGuarded(t)
	wide := startGuarded(t, "--listen", "0.0.0.0:0")
	wide.enrol("operator", "ann")
	plain := up(t, "").drain()
	late := lateHub(t)
	loose := s.file("loose")
	copyFile(t, s.file("ann"), loose)
	if err := os.Chmod(loose, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := s.run("hub", "revoke", "gone", "--data", s.data); got.code != 0 {
		t.Fatal(got)
	}
	s.want(77, "revoked", "gone", "devices")
	broken := s.file("broken")
	if err := os.WriteFile(broken, []byte(`{"fleet":`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		creds string
		hub   string
		code  int
		want  string
	}{
		{"expired certificate", late.file("ann"), late.url, 77, "expired at 20"},
		{"another name", wide.file("ann"), strings.Replace(wide.url, "0.0.0.0", "127.0.0.2", 1), 77, "a certificate that is not for 127.0.0.2"},
		{"another authority", s.file("ann"), other.url, 77, "the credentials of ann do not vouch for"},
		{"no TLS at a hub that wants it", "", strings.Replace(s.url, "tls", "nats", 1), 77, "--creds"},
		{"TLS without credentials", "", s.url, 77, "--creds"},
		{"TLS at a hub without", s.file("ann"), strings.Replace(plain.url, "nats", "tls", 1), 77, "asks nobody who he is"},
		{"a hub without TLS by name", s.file("ann"), plain.url, 64, "a credential is only for tls://"},
		{"revoked", s.file("gone"), s.url, 77, "they were revoked"},
		{"file that others can read", loose, s.url, 77, "run: chmod 600 " + loose},
		{"no file", s.file("none"), s.url, 64, "no such file"},
		{"broken file", broken, s.url, 64, "not JSON"},
		{"a gateway's, where an operator's is needed", s.file("g1"), s.url, 77, "those of a gateway"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"device", "lock", "x", "--hub", test.hub}
			if test.creds != "" {
				args = append(args, "--creds", test.creds)
			}
			got := run(t, args...)
			if got.code != test.code || !strings.Contains(got.err, test.want) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("got %+v\nwant exit code %d and one line with %q", got, test.code, test.want)
			}
		})
	}
	s.gatewaysSay(other)
}

// gatewaysSay starts gateways that are not let in.
func (s *guarded) gatewaysSay(other *guarded) {
	t := s.t
	t.Helper()
	stranger := start(t, "gateway", "--creds", s.file("g1"), "--hub", other.url, "--data", t.TempDir())
	if line := stranger.until(t, "waiting"); !strings.Contains(line, "the credentials of g1 do not vouch for") {
		t.Errorf("a gateway at another hub says %q", line)
	}
	for _, test := range []struct{ creds, id, want string }{
		{"ann", "", "those of operator ann, not of a gateway"},
		{"g1", "g2", "those of gateway g1, not of g2"},
	} {
		args := []string{"gateway", "--creds", s.file(test.creds), "--hub", s.url, "--data", t.TempDir()}
		if test.id != "" {
			args = append(args, "--id", test.id)
		}
		if got := run(t, args...); got.code != 64 || !strings.Contains(got.err, test.want) {
			t.Errorf("gateway as %s %s: %+v", test.creds, test.id, got)
		}
	}
}

// lateHub is a hub whose certificates were made eleven years ago.
func lateHub(t *testing.T) *guarded {
	t.Helper()
	s := &guarded{t: t, data: t.TempDir(), creds: t.TempDir()}
	folder, then := guard.FolderIn(s.data), time.Now().AddDate(-11, 0, 0)
	if err := folder.Init(guard.Init{Fleet: "f", Hosts: []string{"127.0.0.1"}, Now: then}); err != nil {
		t.Fatal(err)
	}
	if _, err := folder.Enrol(guard.Enrolment{Name: "ann", Role: access.RoleOperator, Out: s.file("ann"), Now: then}); err != nil {
		t.Fatal(err)
	}
	s.hub = s.start("hub", "--data", s.data, "--listen", "127.0.0.1:0")
	s.url = strings.Fields(s.hub.until(t, "ready "))[1]
	s.hub.discard()
	return s
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// The commands that look after users say what is wrong with what they are given, and leave all as it was.
func TestHubUsersRefuse(t *testing.T) {
	s := initGuarded(t)
	s.enrol("gateway", "g1")
	before := s.run("hub", "users", "--data", s.data, "--json")
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"init --host x", 1, "has users already"},
		{"init --fleet-name a.b", 64, "--fleet-name"},
		{"enrol", 64, "ROLE is missing"},
		{"enrol gateway", 64, "NAME is missing"},
		{"enrol king x", 64, "none of gateway, operator, viewer and admin"},
		{"enrol admin admin", 1, "already enrolled: admin is admin"},
		{"enrol gateway a.b", 64, "NAME"},
		{"enrol gateway a>", 64, "NAME"},
		{"enrol gateway g1", 1, "already enrolled"},
		{"enrol viewer g1", 1, "already enrolled: g1 is gateway"},
		{"enrol gateway admin", 1, "already enrolled"},
		{"enrol gateway g2 --selector a=b", 1, "for operators only"},
		{"enrol operator bob --selector a", 64, "not KEY=VALUE"},
		{"enrol operator bob --selector a=b,a=c", 64, "each key once"},
		{"enrol operator bob --hub nats://x:1", 1, "tls://"},
		{"enrol operator bob --out " + s.file("g1"), 1, "there is a file of that name"},
		{"revoke nobody", 1, "there is no user \"nobody\""},
		{"renew --host a/b", 1, "no name and no IP address"},
		{"other", 64, "there is no command"},
	} {
		args := append([]string{"hub"}, strings.Fields(test.args)...)
		args = append(args, "--data", s.data)
		if got := s.run(args...); got.code != test.code || !strings.Contains(got.err, test.want) {
			t.Errorf("%s: %+v, want exit code %d and %q", test.args, got, test.code, test.want)
		}
	}
	if after := s.run("hub", "users", "--data", s.data, "--json"); after.out != before.out {
		t.Errorf("users are\n%s\nand were\n%s", after.out, before.out)
	}
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range []string{"users", "config", "revoke x", "enrol gateway x", "renew", "apply"} {
		got := s.run(append(append([]string{"hub"}, strings.Fields(args)...), "--data", none)...)
		if got.code != 73 || !strings.Contains(got.err, "make it with roost hub init") {
			t.Errorf("%s without users: %+v", args, got)
		}
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a folder was made")
	}
}

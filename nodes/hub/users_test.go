package hub_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub"
	"github.com/roost-iot/roost/nodes/hub/guard"
)

// secure makes users for the hub of a data folder.
func secure(t *testing.T, data string) guard.Folder {
	t.Helper()
	folder := guard.FolderIn(data)
	if err := folder.Init(guard.Init{Fleet: "f", Hosts: []string{"127.0.0.1"}, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	return folder
}

// enrol enrols a user and returns its credential.
func enrol(t *testing.T, folder guard.Folder, role access.Role, name string) *access.Credential {
	t.Helper()
	out := filepath.Join(t.TempDir(), name)
	if _, err := folder.Enrol(guard.Enrolment{Name: name, Role: role, Out: out, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	c, err := access.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dialAs connects with a credential. The connection does not come up again once it is lost.
func dialAs(url string, c *access.Credential) (*nats.Conn, error) {
	options, err := c.DataOptions()
	if err != nil {
		return nil, err
	}
	return nats.Connect(url, append(options, nats.NoReconnect())...)
}

func mustDial(t *testing.T, url string, c *access.Credential) *nats.Conn {
	t.Helper()
	nc, err := dialAs(url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// words is a log that can be read while it is written.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *words) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.text.String(), text)
}

func (w *words) count(text string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), text)
}

// eventually waits for something that a hub does within seconds.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	insist(t, what, func(context.Context) error {
		if is() {
			return nil
		}
		return errors.New("not yet")
	})
}

// Without users a hub that others could reach does not start, and the error says what to do. With users it does, and
// lets in nobody else.
func TestListenWithUsers(t *testing.T) {
	data := t.TempDir()
	_, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "0.0.0.0:0"})
	if !errors.Is(err, hub.ErrNotLoopback) || !strings.Contains(err.Error(), "roost hub init") || !strings.Contains(err.Error(), "roost hub enrol gateway NAME") {
		t.Fatalf("without users: %v", err)
	}
	folder := secure(t, data)
	c := enrol(t, folder, access.RoleGateway, "g1")
	h, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "0.0.0.0:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	quorum(t, h)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(h.URL(), "tls://"))
	url := "tls://127.0.0.1:" + port
	mustDial(t, url, c)
	if nc, err := nats.Connect(strings.Replace(url, "tls", "nats", 1)); err == nil {
		nc.Close()
		t.Error("somebody without TLS is let in")
	}
	tls, err := c.TLS()
	if err != nil {
		t.Fatal(err)
	}
	if nc, err := nats.Connect(url, nats.Secure(tls)); err == nil {
		nc.Close()
		t.Error("somebody without a credential is let in")
	}
	if nc, err := nats.Connect("", nats.InProcessServer(h.InProcess())); err == nil {
		nc.Close()
		t.Error("somebody in the process without a credential is let in")
	}
}

// While the hub runs, users come and go with the users file, and nobody else notices.
func TestUsersFollow(t *testing.T) {
	data, log := t.TempDir(), new(words)
	folder := secure(t, data)
	stays := enrol(t, folder, access.RoleGateway, "stays")
	goes := enrol(t, folder, access.RoleOperator, "goes")
	h, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "127.0.0.1:0", Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	quorum(t, h)
	there, gone := mustDial(t, h.URL(), stays), mustDial(t, h.URL(), goes)
	if _, err := there.Request("roost.f.own.b", nil, time.Second); err != nil {
		t.Fatal(err)
	}

	comes := enrol(t, folder, access.RoleViewer, "comes")
	letIn(t, h, comes)
	if _, err := folder.Revoke("goes", time.Now()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, "a revoked user is cut off", gone.IsClosed)
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("a revoked user is cut off after %v", took)
	}
	if _, err := dialAs(h.URL(), goes); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a revoked user dials: %v", err)
	}

	for range 5 {
		_, _ = dialAs(h.URL(), goes)
	}
	roster, err := folder.Read()
	if err != nil {
		t.Fatal(err)
	}
	if n := log.count(roster.Find("goes").Data); n != 1 {
		t.Errorf("that the same one is refused is told %d times", n)
	}

	whole, err := os.ReadFile(folder.Users())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder.Users(), whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a broken file is told of", func() bool { return log.has("those before stay") })
	if err := os.WriteFile(folder.Users(), whole[:len(whole)/2+1], 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "each broken file is told of", func() bool { return log.count("those before stay") == 2 })
	other := bytes.Replace(whole, []byte(`"fleet": "f"`), []byte(`"fleet": "g"`), 1)
	if err := os.WriteFile(folder.Users(), other, 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file of another fleet is told of", func() bool { return log.count("those before stay") == 3 })
	mustDial(t, h.URL(), comes)
	if err := os.WriteFile(folder.Users(), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	again := enrol(t, folder, access.RoleOperator, "goes")
	letIn(t, h, again)
	if _, err := dialAs(h.URL(), goes); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("a user with a credential that was revoked dials: %v", err)
	}
	if err := folder.Renew(nil, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := there.Request("roost.f.own.b", nil, time.Second); err != nil {
		t.Errorf("one that stayed was disturbed: %v", err)
	}
	js := must(jetstream.New(there))(t)
	if s := must(js.Stream(t.Context(), "ROOST_f_CONTROL"))(t); s.CachedInfo().State.Msgs < 2 {
		t.Errorf("the control stream has %d records", s.CachedInfo().State.Msgs)
	}
}

// letIn waits until a user is let in, who then must have all that is his.
func letIn(t *testing.T, h *hub.Hub, c *access.Credential) {
	t.Helper()
	insist(t, "let in "+c.Name, func(context.Context) error {
		nc, err := dialAs(h.URL(), c)
		if err != nil {
			return err
		}
		defer nc.Close()
		if _, err := nc.Request("$JS.API.STREAM.INFO.ROOST_f_CONTROL", nil, longest); err != nil {
			t.Fatalf("%s was let in too early: %v", c.Name, err)
		}
		return nil
	})
}

// must returns the value, or ends the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A hub does not start with a users file that it cannot read, or without its certificates: it would keep nobody out.
func TestUsersBroken(t *testing.T) {
	for name, breaks := range map[string]func(guard.Folder) error{
		"no JSON":        func(f guard.Folder) error { return os.WriteFile(f.Users(), []byte("{"), 0o600) },
		"empty":          func(f guard.Folder) error { return os.WriteFile(f.Users(), nil, 0o600) },
		"no certificate": func(f guard.Folder) error { return os.Remove(f.Files().Certificate) },
		"no key":         func(f guard.Folder) error { return os.Remove(f.Files().Key) },
		"another's key": func(f guard.Folder) error {
			return os.Rename(filepath.Join(f.Path(), "ca-key.pem"), f.Files().Key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			if err := breaks(secure(t, data)); err != nil {
				t.Fatal(err)
			}
			refuse(t, hub.Config{Data: data, Listen: "127.0.0.1:0"}, hub.ErrUsers)
		})
	}
}

// Three hubs with the same users find each other over encrypted routes, and a stranger is no fourth.
func TestTrioWithUsers(t *testing.T) {
	three := newTrio(t)
	c := enrol(t, secure(t, three.data[0]), access.RoleGateway, "g1")
	for _, data := range three.data[1:] {
		if err := os.CopyFS(data, os.DirFS(three.data[0])); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
	three.open(t, 0, 1, 2)
	for _, h := range three.hubs {
		quorum(t, h)
	}
	nc := mustDial(t, three.hubs[2].URL(), c)
	insist(t, "store a record", func(ctx context.Context) error {
		_, err := nc.RequestWithContext(ctx, "roost.f.own.b", nil)
		return err
	})
	js := must(jetstream.New(mustDial(t, three.hubs[1].URL(), c)))(t)
	if info := must(js.Stream(t.Context(), "ROOST_f_CONTROL"))(t).CachedInfo(); info.Config.Replicas != 3 || info.State.Msgs == 0 {
		t.Errorf("the control stream has %d replicas and %d records", info.Config.Replicas, info.State.Msgs)
	}
	strangers(t, three.routes, c)
	follow(t, three)
}

// follow enrols a user while three hubs run, by copying the users file as people do.
func follow(t *testing.T, three *trio) {
	t.Helper()
	c := enrol(t, guard.FolderIn(three.data[0]), access.RoleGateway, "g2")
	users := must(os.ReadFile(guard.FolderIn(three.data[0]).Users()))(t)
	for _, data := range three.data[1:] {
		if err := os.WriteFile(guard.FolderIn(data).Users(), users, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range three.hubs {
		letIn(t, h, c)
		if _, err := mustDial(t, h.URL(), c).Request("roost.f.member.g2", nil, longest); err != nil {
			t.Errorf("a new user at %s: %v", h.URL(), err)
		}
	}
}

// A hub that had users, and has lost the file that names them, does not start as one that lets in everybody.
func TestUsersLost(t *testing.T) {
	data := t.TempDir()
	folder := secure(t, data)
	if err := os.Remove(folder.Users()); err != nil {
		t.Fatal(err)
	}
	if h, err := hub.Open(t.Context(), hub.Config{Data: data, Listen: "127.0.0.1:0"}); !errors.Is(err, guard.ErrLost) || !strings.Contains(err.Error(), "roost hub init") {
		t.Errorf("got %v, want that its users are lost", err)
		if err == nil {
			h.Close()
		}
	}
}

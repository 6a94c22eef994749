package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub/guard"
)

// guarded is a hub with users, and all that any program near it said.
type guarded struct {
	t       *testing.T
	data    string
	creds   string // folder of credentials
	admin   string // file of the administrator's credential
	url     string
	hub     *process // nil if it is a stock nats-server
	said    []string
	running []*process
}

// initGuarded makes the users of a hub with roost hub init.
func initGuarded(t *testing.T) *guarded {
	t.Helper()
	s := &guarded{t: t, data: t.TempDir(), creds: t.TempDir()}
	s.admin = guard.FolderIn(s.data).Admin()
	if got := s.run("hub", "init", "--data", s.data, "--host", "127.0.0.1", "--fleet-name", "f"); got.code != 0 ||
		!strings.Contains(got.out, "roost hub enrol gateway NAME") {
		t.Fatalf("init: %+v", got)
	}
	return s
}

// startGuarded starts our hub with users.
func startGuarded(t *testing.T, flags ...string) *guarded {
	t.Helper()
	s := initGuarded(t)
	s.hub = s.start(append([]string{"hub", "--data", s.data, "--listen", "127.0.0.1:0", "--log-level", "debug"}, flags...)...)
	s.url = strings.Fields(s.hub.until(t, "ready "))[1]
	s.hub.discard()
	return s
}

// stock starts a stock nats-server with what roost hub config prints, once its users are enrolled.
func (s *guarded) stock() {
	t := s.t
	t.Helper()
	// The administrator that init made is replaced: its credential may have been seen by others.
	if got := s.run("hub", "revoke", "admin", "--data", s.data); got.code != 0 {
		t.Fatalf("revoke: %+v", got)
	}
	s.enrol("admin", "admin")
	s.admin = s.file("admin")
	config := s.run("hub", "config", "--data", s.data)
	o := new(server.Options)
	jetStream := fmt.Sprintf("listen: \"127.0.0.1:-1\"\njetstream {store_dir: %q, sync_interval: always}\n", t.TempDir())
	if err := o.ProcessConfigString(jetStream + config.out); err != nil {
		t.Fatal(err)
	}
	o.NoSigs = true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() {
		srv.Shutdown()
		srv.WaitForShutdown()
	})
	if !srv.ReadyForConnections(longest) {
		t.Fatal("the server is not ready")
	}
	s.url = "tls://" + srv.Addr().String()
	if got := s.run("hub", "apply", "--data", s.data, "--hub", s.url); got.code != 77 || !strings.Contains(got.err, "revoked") {
		t.Errorf("apply with a credential that was revoked: %+v", got)
	}
	if got := s.run("hub", "apply", "--data", s.data, "--hub", s.url, "--creds", s.admin); got.code != 0 || !strings.Contains(got.out, "the streams of fleet f are there") {
		t.Fatalf("apply: %+v", got)
	}
}

func (s *guarded) run(args ...string) result {
	s.t.Helper()
	got := run(s.t, args...)
	s.said = append(s.said, got.out, got.err)
	return got
}

func (s *guarded) start(args ...string) *process {
	p := start(s.t, args...)
	s.running = append(s.running, p)
	return p
}

// discard lets a program say what it wants. It is kept with its errors.
func (p *process) discard() {
	go func() { // ends with the program
		for line := range p.lines {
			fmt.Fprintln(&p.errors, line)
		}
	}()
}

func (s *guarded) file(name string) string { return filepath.Join(s.creds, name) }

// enrol enrols a user.
func (s *guarded) enrol(role, name string, flags ...string) {
	s.t.Helper()
	args := append([]string{"hub", "enrol", role, name, "--data", s.data, "--out", s.file(name)}, flags...)
	if got := s.run(args...); got.code != 0 {
		s.t.Fatalf("enrol %s %s: %+v", role, name, got)
	}
}

// as runs a client command with a credential.
func (s *guarded) as(name string, args ...string) result {
	s.t.Helper()
	return s.run(append(args, "--creds", s.file(name), "--hub", s.url)...)
}

// gateway starts a gateway with its credential.
func (s *guarded) gateway(name string) *process {
	return s.start("gateway", "--creds", s.file(name), "--hub", s.url, "--data", s.t.TempDir(), "--lease", "1s", "--log-level", "debug")
}

// want runs a command until it says what is wanted: hubs follow users, and gateways the registry, within seconds.
func (s *guarded) want(code int, text, name string, args ...string) {
	s.t.Helper()
	deadline := time.Now().Add(longest)
	for {
		got := s.as(name, args...)
		if got.code == code && strings.Contains(got.out+got.err, text) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: %v: want exit code %d and %q, got %+v", name, args, code, text, got)
		}
	}
}

const guardedFleet = `
devices:
  - {id: pump, profile: sim-pump, driver: sim, labels: {site: north}}
  - {id: far, profile: sim-pump, driver: sim, labels: {site: south}}
`

// A whole fleet at a hub with users: gateways join, own and take over, operators operate, viewers view, and everybody is
// held to what he may. Nothing that is secret is said anywhere.
func TestGuardedFleet(t *testing.T) {
	t.Run("roost hub", func(t *testing.T) {
		s := startGuarded(t)
		s.enrolAll()
		s.operate()
		s.revoke()
		s.keepsSecrets()
	})
	t.Run("nats-server", func(t *testing.T) {
		s := initGuarded(t)
		s.enrolAll()
		s.stock()
		s.operate()
		s.keepsSecrets()
	})
}

func (s *guarded) enrolAll() {
	s.enrol("gateway", "g1")
	s.enrol("gateway", "g2")
	s.enrol("operator", "ann")
	s.enrol("operator", "lim", "--selector", "site=north")
	s.enrol("viewer", "vic")
}

// operate uses the fleet in all roles.
func (s *guarded) operate() {
	s.t.Helper()
	first, second := s.gateway("g1"), s.gateway("g2")
	first.until(s.t, "ready ")
	second.until(s.t, "ready ")
	first.discard()
	second.discard()
	spec := write(s.t, guardedFleet)
	s.want(0, "added", "ann", "device", "add", "-f", spec)
	s.want(0, "SUCCEEDED", "ann", "send", "pump", "start")
	s.want(0, "SUCCEEDED", "lim", "send", "pump", "set_speed", "rpm=900")
	s.want(77, "only for devices with the labels site=north", "lim", "send", "far", "start")
	s.want(77, "viewer", "vic", "send", "pump", "start")
	s.want(77, "an operator with a selector", "lim", "device", "add", "-f", spec)
	s.want(0, "online", "vic", "devices")
	s.want(0, `"submittedBy":{"name":"lim","role":"limited"}`, "vic", "commands", "--json")
	s.want(0, `"deviceId":"pump"`, "vic", "readings", "pump", "--since", "1h", "--json")
	s.want(0, "MEMBER_STATE_LIVE", "vic", "gateways", "--json")
	s.examine()
	first.signal(s.t, syscall.SIGKILL)
	for _, device := range []string{"pump", "far"} { // of which g1 had one or both
		s.want(0, "SUCCEEDED", "ann", "send", device, "set_speed", "rpm=700", "--wait", "10s")
	}
	s.want(0, "g2", "vic", "why", "pump")
}

// examine: roost doctor looks at the fleet of the credential, and tells each role what it may.
func (s *guarded) examine() {
	s.t.Helper()
	for name, may := range map[string]string{
		"ann": "ann is an operator: may read the fleet, write the registry, ask gateways, send commands, drain gateways and release devices; may not own buses, ",
		"lim": "lim is an operator with a selector: may read the fleet, ask gateways, send commands to the devices of its selector; may not write the registry, own buses, send commands to others, drain ",
		"vic": "vic is a viewer: may read the fleet, ask gateways; may not write the registry, own buses, send commands, ",
		"g1":  "g1 is a gateway: may read the fleet, own buses, answer requests as a gateway; may not write the registry, ask gateways, send commands, ",
	} {
		got := s.as(name, "doctor", "--json", "--timeout", "30s")
		found := ailments(s.t, got)
		if seen := found["permissions"].Seen; !strings.HasPrefix(seen, may) {
			s.t.Errorf("permissions of %s: %q, want %q", name, seen, may)
		}
		for _, check := range []string{"streams", "gateways", "devices", "placement", "commands"} {
			state := "ok"
			if name == "g1" && check != "streams" {
				state = "unknown"
			}
			if found[check].State != state {
				s.t.Errorf("doctor as %s: %s: %+v, want %s", name, check, found[check], state)
			}
		}
	}
	s.want(77, "are those of a gateway, for roost gateway --creds", "g1", "devices")
}

// revoke takes credentials out of force while the hub runs.
func (s *guarded) revoke() {
	s.t.Helper()
	for _, name := range []string{"ann", "g2"} {
		if got := s.run("hub", "revoke", name, "--data", s.data); got.code != 0 {
			s.t.Fatalf("revoke: %+v", got)
		}
	}
	s.want(77, "they were revoked", "ann", "devices")
	s.want(69, "", "lim", "send", "pump", "start", "--timeout", "1s") // nobody is left
	if got := s.run("hub", "enrol", "operator", "lim", "--data", s.data, "--out", s.file("second")); got.code == 0 || !strings.Contains(got.err, "already enrolled") {
		s.t.Errorf("enrolled twice: %+v", got)
	}
	s.enrol("operator", "ann", "--out", s.file("ann-again"))
	s.want(0, "pump", "ann-again", "devices")
	if got := s.as("ann", "devices"); got.code != 77 {
		s.t.Errorf("with the credential before: %+v", got)
	}
}

// keepsSecrets looks for seeds and keys in all that was said, stored and shown.
func (s *guarded) keepsSecrets() {
	t := s.t
	t.Helper()
	s.run("hub", "users", "--data", s.data, "--json")
	s.run("hub", "users", "--data", s.data)
	s.run("hub", "config", "--data", s.data)
	users, err := os.ReadFile(guard.FolderIn(s.data).Users())
	if err != nil {
		t.Fatal(err)
	}
	everything := append(s.said, string(users), s.records())
	for _, p := range s.running {
		line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.cmd.Process.Pid)) // of those that run
		environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.cmd.Process.Pid))
		everything = append(everything, strings.Join(p.seen, "\n"), p.errors.String(), string(line), string(environment))
	}
	all := strings.Join(everything, "\n")
	for what, secret := range s.secrets() {
		if strings.Contains(all, secret) {
			t.Errorf("the secret of %s was said", what)
		}
	}
}

// secrets are all seeds and private keys.
func (s *guarded) secrets() map[string]string {
	t := s.t
	t.Helper()
	files, err := os.ReadDir(s.creds)
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{guard.FolderIn(s.data).Admin()}
	for _, f := range files {
		paths = append(paths, s.file(f.Name()))
	}
	secrets := map[string]string{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var c struct{ Data, Talk string }
		if err := json.Unmarshal(content, &c); err != nil || c.Data == "" {
			t.Fatalf("%s: %v", path, err)
		}
		secrets[path+" data"] = c.Data
		if c.Talk != "" {
			secrets[path+" talk"] = c.Talk
		}
	}
	for _, key := range []string{"ca-key.pem", "server-key.pem"} {
		content, err := os.ReadFile(filepath.Join(guard.FolderIn(s.data).Path(), key))
		if err != nil {
			t.Fatal(err)
		}
		secrets[key] = strings.Split(string(content), "\n")[1]
	}
	return secrets
}

// records is the content of the control stream.
func (s *guarded) records() string {
	t := s.t
	t.Helper()
	admin, err := access.Read(s.admin)
	if err != nil {
		t.Fatal(err)
	}
	admin.Hub = s.url
	link, err := cluster.ConnectClientAs(t.Context(), admin, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	js, err := jetstream.New(link.Data)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.OrderedConsumer(t.Context(), "ROOST_f_CONTROL", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := c.FetchNoWait(1000)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for m := range batch.Messages() {
		fmt.Fprintf(&text, "%s %s %v\n", m.Subject(), m.Data(), m.Headers())
	}
	if text.Len() == 0 {
		t.Fatal("there are no records")
	}
	return text.String()
}

package main_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// secured is a fleet "plant" at a secured hub, whose users have their credentials in files.
type secured struct {
	t   *testing.T
	hub *clustertest.Secured
	dir string
}

func newSecured(t *testing.T) *secured {
	t.Helper()
	s := &secured{t: t, dir: t.TempDir(), hub: clustertest.StartSecured(t, "plant",
		clustertest.User{Name: "gw-1", Role: access.RoleGateway}, clustertest.User{Name: "ann", Role: access.RoleOperator},
		clustertest.User{Name: "ben", Role: access.RoleLimited}, clustertest.User{Name: "vic", Role: access.RoleViewer})}
	for _, name := range []string{"gw-1", "ann", "ben", "vic"} {
		if err := s.hub.Credential(name).Write(s.file(name)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *secured) file(name string) string { return filepath.Join(s.dir, name+".creds") }

// as runs a command with somebody's credentials.
func (s *secured) as(name string, args ...string) result {
	s.t.Helper()
	return run(s.t, append(args, "--creds", s.file(name))...)
}

// grant has ben limited to a site, or to none.
func (s *secured) grant(site string, revoked bool) {
	s.t.Helper()
	data, err := proto.Marshal(&roostv1.Grant{Name: "ben", Role: "limited", Selector: "site=" + site, Revoked: revoked})
	if err != nil {
		s.t.Fatal(err)
	}
	js, err := jetstream.New(s.hub.Dial(s.t, "admin").Data)
	if err == nil {
		_, err = js.Publish(s.t.Context(), "roost.plant.spec.access.ben", data)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestCredentials: with a file of credentials a gateway and people use a secured hub, each as far as his role goes.
func TestCredentials(t *testing.T) {
	s := newSecured(t)
	g := start(t, "gateway", "--creds", s.file("gw-1"), "--data", t.TempDir())
	if line := g.until(t, "ready "); !strings.HasPrefix(line, "ready "+s.hub.URL()+"  fleet plant, gateway gw-1,") {
		t.Errorf("got the line %q", line)
	}
	devices := write(t, `devices:
- {id: north, profile: sim-pump, driver: sim, poll_interval: 100ms, labels: {site: north}}
- {id: south, profile: sim-pump, driver: sim, poll_interval: 100ms, labels: {site: south}}
`)
	if got := s.as("ann", "device", "add", "-f", devices); got.code != 0 || !strings.Contains(got.out, "online  gw-1") {
		t.Fatalf("add: %+v", got)
	}
	s.grant("north", false)
	if got := s.as("ben", "send", "north", "start", "--id", "c1", "--sender", "ann"); got.code != 0 {
		t.Errorf("in the selector: %+v", got)
	}
	for _, want := range []string{"submitted by  ben (limited)", "sent by       ann"} {
		if got := s.as("vic", "command", "c1"); !strings.Contains(got.out, want) {
			t.Errorf("%q is missing in %+v", want, got)
		}
	}
	insist(t, "the history, into which the hub copies", func(context.Context) error {
		if got := s.as("vic", "commands", "--json"); !strings.Contains(got.out, `"submittedBy":`) {
			return fmt.Errorf("commands: %+v", got)
		}
		return nil
	})
	for _, refused := range []struct {
		name string
		args []string
		want string
	}{
		{"ben", []string{"send", "south", "start"}, "ben may not send a command to device \"south\": the credentials are only for devices with the labels site=north"},
		{"ben", []string{"set", "north", "speed=100"}, "ben may not change what is desired"},
		{"vic", []string{"send", "north", "start"}, "vic may not send commands: the credentials are those of a viewer"},
		{"vic", []string{"device", "retire", "north"}, "vic may not change device north"},
		{"vic", []string{"gateway", "drain", "gw-1"}, "vic may not drain gateway gw-1"},
	} {
		if got := s.as(refused.name, refused.args...); got.code != 77 || !strings.Contains(got.err, refused.want) {
			t.Errorf("%s: %q: got %+v, want 77 and %q", refused.name, refused.args, got, refused.want)
		}
	}
	fleet := s.as("ben", "send", "--all", "start")
	if !strings.Contains(fleet.out, "site=north") || fleet.code == 0 {
		t.Errorf("a fleet command: %+v", fleet)
	}
	s.losesHisRight()
}

// losesHisRight: ben's command waits for its time, and meanwhile his credentials are revoked.
func (s *secured) losesHisRight() {
	t := s.t
	t.Helper()
	ben, err := cluster.NewClientOver(s.hub.Dial(t, "ben"), "plant")
	if err != nil {
		t.Fatal(err)
	}
	later := &roostv1.Command{Id: "later", DeviceId: "north", Name: "stop", NotBefore: durationpb.New(time.Second), ExpiresIn: durationpb.New(time.Minute)}
	if record, err := ben.Send(t.Context(), later, 100*time.Millisecond); err != nil || record.State.Final() {
		t.Fatalf("got %v, %v", record, err)
	}
	s.grant("north", true)
	record, err := ben.Command(t.Context(), "north", "later", longest)
	if err != nil || record.State != roostv1.CommandState_COMMAND_STATE_REJECTED || !errors.Is(record.Status, roostv1.ErrPermission) || record.Attempt != 0 {
		t.Errorf("got %v, %v, want it REJECTED, with PERMISSION_DENIED, and never dispatched", record, err)
	}
}

// TestCredentialsThatDoNotFit: what does not fit the file is refused before anything is dialled.
func TestCredentialsThatDoNotFit(t *testing.T) {
	s := newSecured(t)
	open := filepath.Join(s.dir, "open.creds")
	text, err := os.ReadFile(s.file("ann"))
	if err == nil {
		err = os.WriteFile(open, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"devices", "--creds", open}, 77, "run: chmod 600 " + open},
		{[]string{"devices", "--creds", s.file("nobody")}, 64, "no such file"},
		{[]string{"devices", "--creds", s.file("ann"), "--fleet-name", "other"}, 64, "are for fleet plant, not for other"},
		{[]string{"devices", "--creds", s.file("ann"), "--hub", "nats://127.0.0.1:1"}, 64, "only for tls://"},
		{[]string{"devices", "--creds", s.file("ann"), "--hub", "tls://127.0.0.1:1"}, 69, "cannot be reached"},
		{[]string{"devices", "--hub", s.hub.URL()}, 77, "--creds"},
		{[]string{"gateway", "--creds", s.file("gw-1"), "--id", "gw-2", "--data", data}, 64, "are those of gateway gw-1, not of gw-2"},
		{[]string{"gateway", "--creds", s.file("ann"), "--data", data}, 64, "are those of operator ann, not of a gateway"},
	} {
		if got := run(t, c.args...); got.code != c.code || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\n") > 2 {
			t.Errorf("%q: got %+v, want %d and %q", c.args, got, c.code, c.want)
		}
	}
}

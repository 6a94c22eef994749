package clustertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
)

// Secured is a hub with TLS and with users, who may do what their roles say: each has an account of its own for
// streams, and all of them one for talk.
type Secured struct {
	*Hub
	CA *Authority

	tb    testing.TB
	fleet string
	users map[string]*access.Credential
}

// User is who may use a secured hub.
type User struct {
	Name string
	Role access.Role
}

// StartSecured starts a hub for a fleet in the test process, makes the fleet's streams, and lets the users in.
func StartSecured(tb testing.TB, fleet string, users ...User) *Secured {
	tb.Helper()
	dir := tb.TempDir()
	s := &Secured{CA: NewAuthority(tb), tb: tb, fleet: fleet, users: map[string]*access.Credential{}}
	certificate, key := s.CA.Issue(tb, "127.0.0.1")
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		return path
	}
	users = append([]User{{"admin", access.RoleAdmin}}, users...)
	for _, u := range users {
		s.users[u.Name] = s.enrol(u)
	}
	config := s.config(users) + fmt.Sprintf("tls { cert_file: %q, key_file: %q }\n", file("hub.crt", certificate), file("hub.key", key))
	s.Hub = &Hub{tb: tb, run: &embedded{}, site: site{Name: "hub", Dir: dir, Port: server.RANDOM_PORT, Config: file("hub.conf", config)}}
	s.Restart()
	tb.Cleanup(s.run.stop)
	names, err := cluster.SubjectsOf(fleet)
	if err == nil {
		err = (cluster.Schema{}).Ensure(tb.Context(), s.Dial(tb, "admin").Data, names)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// URL is where clients dial.
func (s *Secured) URL() string { return strings.Replace(s.Hub.URL(), "nats://", "tls://", 1) }

// Credential returns the credential of a user, as its file would have it.
func (s *Secured) Credential(name string) *access.Credential {
	c := *s.users[name]
	c.Hub, c.CA = s.URL(), s.CA.PEM
	return &c
}

// Dial returns the connections of a user, closed when the test ends.
func (s *Secured) Dial(tb testing.TB, name string, opts ...nats.Option) cluster.Link {
	tb.Helper()
	link, err := cluster.ConnectClientAs(tb.Context(), s.Credential(name), "test "+name, Logger(tb), opts...)
	if err != nil {
		tb.Fatalf("connect %s to %s: %v", name, s.URL(), err)
	}
	tb.Cleanup(link.Close)
	return link
}

// enrol makes the seeds of a user.
func (s *Secured) enrol(u User) *access.Credential {
	c := &access.Credential{Fleet: s.fleet, Name: u.Name, Role: u.Role, Data: seed(s.tb)}
	if u.Role != access.RoleAdmin {
		c.Talk = seed(s.tb)
	}
	return c
}

func seed(tb testing.TB) string {
	tb.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		tb.Fatal(err)
	}
	text, err := pair.Seed()
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// public is the name by which a hub knows a seed's user.
func public(tb testing.TB, seed string) string {
	tb.Helper()
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		tb.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

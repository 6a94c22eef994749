package guard_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/nodes/hub/guard"
)

const fleet = "f"

// site is a hub with users: three gateways, two operators, one that is limited, and a viewer.
type site struct {
	folder      guard.Folder
	url         string
	credentials map[string]*access.Credential
}

// enrolled makes a security folder with the site's users, who dial url.
func enrolled(t testing.TB, data, url string) *site {
	t.Helper()
	s := &site{folder: guard.FolderIn(data), url: url, credentials: map[string]*access.Credential{}}
	if err := s.folder.Init(guard.Init{Fleet: fleet, Hosts: []string{"127.0.0.1"}, Now: time.Now()}); err != nil {
		t.Fatal(err)
	}
	for _, e := range []guard.Enrolment{
		{Name: "g1", Role: access.RoleGateway}, {Name: "g2", Role: access.RoleGateway}, {Name: "g3", Role: access.RoleGateway},
		{Name: "ann", Role: access.RoleOperator}, {Name: "ben", Role: access.RoleOperator},
		{Name: "lim", Role: access.RoleOperator, Selector: "site=north"}, {Name: "vic", Role: access.RoleViewer},
	} {
		s.enrol(t, e)
	}
	admin, err := access.Read(s.folder.Admin())
	if err != nil {
		t.Fatal(err)
	}
	s.credentials[guard.AdminName] = admin
	return s
}

func (s *site) enrol(t testing.TB, e guard.Enrolment) {
	t.Helper()
	e.Now, e.Out = time.Now(), filepath.Join(t.TempDir(), e.Name+".roost")
	if _, err := s.folder.Enrol(e); err != nil {
		t.Fatal(err)
	}
	c, err := access.Read(e.Out)
	if err != nil {
		t.Fatal(err)
	}
	s.credentials[e.Name] = c
}

// ours is a site at a hub of Roost.
func ours(t *testing.T) *site {
	t.Helper()
	data := t.TempDir()
	s := enrolled(t, data, "")
	s.open(t, data)
	return s
}

// stock is a site at a nats-server that has the printed configuration.
func stock(t *testing.T) *site {
	t.Helper()
	s := enrolled(t, t.TempDir(), "")
	roster, err := s.folder.Read()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("listen: \"127.0.0.1:-1\"\njetstream {store_dir: %q, sync_interval: always}\n", t.TempDir()) +
		guard.Configuration(roster, s.folder.Files(), "")
	o := new(server.Options)
	if err := o.ProcessConfigString(text); err != nil {
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
	if !srv.ReadyForConnections(5 * time.Second) {
		t.Fatal("the server is not ready")
	}
	s.url = "tls://" + srv.Addr().String()
	if err := guard.Found(t.Context(), s.data(t, guard.AdminName).Conn, roster); err != nil {
		t.Fatal(err)
	}
	return s
}

// conn is a connection that keeps what the server said about it, and what it received.
type conn struct {
	*nats.Conn
	mu       sync.Mutex
	errors   []error
	received chan *nats.Msg // all that came is in it once the connection is settled
	subs     []*nats.Subscription
	said     chan struct{} // has a token when the server said something
}

// data connects a user's data connection.
func (s *site) data(t testing.TB, name string) *conn {
	t.Helper()
	options, err := s.credentials[name].DataOptions()
	if err != nil {
		t.Fatal(err)
	}
	return s.dial(t, name+" data", options)
}

// talk connects a user's talk connection.
func (s *site) talk(t testing.TB, name string) *conn {
	t.Helper()
	options, err := s.credentials[name].TalkOptions()
	if err != nil {
		t.Fatal(err)
	}
	return s.dial(t, name+" talk", options)
}

func (s *site) dial(t testing.TB, name string, options []nats.Option) *conn {
	t.Helper()
	c := &conn{said: make(chan struct{}, 1), received: make(chan *nats.Msg, 4096)}
	nc, err := nats.Connect(s.url, append(options, nats.Name(name), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.errors = append(c.errors, err)
		select {
		case c.said <- struct{}{}:
		default:
		}
	}))...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	t.Cleanup(nc.Close)
	c.Conn = nc
	return c
}

// listen keeps what comes to subjects.
func (c *conn) listen(t *testing.T, subjects ...string) {
	t.Helper()
	for _, subject := range subjects {
		if err := c.hear(subject); err != nil {
			t.Fatal(err)
		}
	}
	c.settle(t)
}

// hear keeps what comes to a subject until deaf is called.
func (c *conn) hear(subject string) error {
	sub, err := c.ChanSubscribe(subject, c.received)
	if err == nil {
		c.subs = append(c.subs, sub)
	}
	return err
}

func (c *conn) deaf() {
	for _, sub := range c.subs {
		_ = sub.Unsubscribe() // the server may have refused it
	}
	c.subs = nil
}

// settle returns when the server has done all that the connection sent, and the connection has all that it was sent.
func (c *conn) settle(t *testing.T) {
	t.Helper()
	if err := c.FlushTimeout(5 * time.Second); err != nil {
		t.Fatal(err)
	}
}

// take returns what came since it was last called.
func (c *conn) take() []*nats.Msg {
	var taken []*nats.Msg
	for {
		select {
		case m := <-c.received:
			taken = append(taken, m)
		default:
			return taken
		}
	}
}

// complaint returns what the server said since it was last called.
func (c *conn) complaint() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := errors.Join(c.errors...)
	c.errors = nil
	select {
	case <-c.said:
	default:
	}
	return err
}

// objection waits until the server has said what it has against what was sent.
func (c *conn) objection() error {
	if err := c.FlushTimeout(5 * time.Second); err != nil {
		return err
	}
	select {
	case <-c.said: // which the client tells a little later
	case <-time.After(time.Second):
	}
	return c.complaint()
}

// streamOf returns a stream of the fleet, as an administrator sees it.
func streamOf(t *testing.T, admin *conn, name string) jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(admin.Conn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, "ROOST_"+fleet+"_"+name)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

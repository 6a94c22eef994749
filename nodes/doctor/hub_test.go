package doctor_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/nodes/doctor"
	"github.com/roost-iot/roost/nodes/gateway"
)

// stock is a nats-server that nobody has set up for Roost, but for what the test changes.
func stock(t *testing.T, change func(*server.Options)) string {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true}
	change(o)
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(longest) {
		t.Fatal("the server does not serve")
	}
	return s.ClientURL()
}

// secured has users: one for all, one that may only read, one that may nothing.
func secured(o *server.Options) {
	o.Users = []*server.User{
		{Username: "op", Password: "right"},
		{Username: "viewer", Password: "right", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"$JS.API.>"}}}},
		{Username: "nobody", Password: "right", Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"x"}}}},
	}
}

// streamOf changes a stream of the fleet, or makes it anew.
func changeStream(t *testing.T, nc *nats.Conn, stream string, anew bool, change func(*jetstream.StreamConfig)) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	config := s.CachedInfo().Config
	change(&config)
	if anew {
		if err := js.DeleteStream(t.Context(), stream); err != nil {
			t.Fatal(err)
		}
		_, err = js.CreateStream(t.Context(), config)
	} else {
		_, err = js.UpdateStream(t.Context(), config)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestStockHub: what no client sees is said not to be known; streams that break a promise are found.
func TestStockHub(t *testing.T) {
	url := stock(t, func(*server.Options) {})
	nc := connected(t, url)
	fleetOf(t, nc)
	cfg := doctor.Config{Connect: dial(url)}
	found := examine(t, cfg)
	want(t, found, "sync", doctor.Unknown, "sync_interval cannot be seen from here")
	if mend := found["sync"].Mend; !strings.Contains(mend, "sync_interval: always") {
		t.Errorf("to mend: %q", mend)
	}
	want(t, found, "streams", doctor.OK, "as they must be")

	changeStream(t, nc, names(t).ControlStream(), false, func(c *jetstream.StreamConfig) { c.MaxAge, c.AllowDirect = time.Hour, true })
	found = examine(t, cfg)
	want(t, found, "streams", doctor.Unsafe, "ROOST_roost_CONTROL: max_age is 1h0m0s, must be unlimited")
	want(t, found, "direct gets", doctor.Unsafe, "ROOST_roost_CONTROL answers direct gets")
	if strings.Contains(found["streams"].Seen, "allow_direct") {
		t.Errorf("told twice: %+v", found["streams"])
	}
	changeStream(t, nc, names(t).ReadingsStream(), true, func(c *jetstream.StreamConfig) { c.Retention = jetstream.WorkQueuePolicy })
	want(t, examine(t, cfg), "streams", doctor.Unsafe, "ROOST_roost_READINGS: retention is WorkQueue")
}

// TestPermissionsFound: what a credential may do, and that one may not even look.
func TestPermissionsFound(t *testing.T) {
	url := stock(t, secured)
	as := func(user string) doctor.Config {
		return doctor.Config{Connect: dial(url, nats.UserInfo(user, "right"))}
	}
	to, err := dial(url, nats.UserInfo("op", "right"))(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(to.Close)
	fleetOf(t, to.Data)
	found := examine(t, as("op"))
	want(t, found, "permissions", doctor.OK, "may read the fleet, write the registry, own buses")
	want(t, found, "exposure", doctor.OK, "with users")
	found = examine(t, as("viewer"))
	want(t, found, "permissions", doctor.OK, "may read the fleet; may not write the registry, own buses")
	want(t, found, "writes", doctor.Unknown, "this credential writes no probes")
	found = examine(t, as("nobody"))
	want(t, found, "permissions", doctor.Warning, "may not read the fleet")
}

// TestExposureFound: a hub without users that is reached from elsewhere, and one with users whose
// secrets can be read on the way.
func TestExposureFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*server.Options)
		text   string
	}{
		"open":        {func(*server.Options) {}, "anybody who reaches the hub may do anything"},
		"unencrypted": {secured, "not encrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			to := strings.TrimPrefix(stock(t, c.change), "nats://")
			connect := dial("nats://hub.example:4222", nats.SetCustomDialer(dialer{to: to}), nats.UserInfo("op", "right"))
			want(t, examine(t, doctor.Config{Connect: connect}), "exposure", doctor.Unsafe, c.text)
		})
	}
}

// dialer dials one address whatever it is asked for; what comes is held up.
type dialer struct {
	to    string
	delay time.Duration
}

// SkipTLSHandshake has names be left to Dial.
func (d dialer) SkipTLSHandshake() bool { return false }

func (d dialer) Dial(string, string) (net.Conn, error) {
	c, err := net.Dial("tcp", d.to)
	if err != nil || d.delay == 0 {
		return c, err
	}
	return slow{c, d.delay}, nil
}

type slow struct {
	net.Conn
	delay time.Duration
}

func (s slow) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	<-time.After(s.delay)
	return n, err
}

// TestLinkFound: a hub that is further away than the lease allows.
func TestLinkFound(t *testing.T) {
	h := roostHub(t)
	serve(t, h.URL(), gateway.Config{ID: "gw-1", Lease: 400 * time.Millisecond})
	connect := func(delay time.Duration) func(context.Context) (cluster.Link, error) {
		return dial(h.URL(), nats.SetCustomDialer(dialer{to: strings.TrimPrefix(h.URL(), "nats://"), delay: delay}))
	}
	found := examine(t, doctor.Config{Connect: connect(60 * time.Millisecond)})
	want(t, found, "link", doctor.Unsafe, "more than L/8, 50ms (a renewal takes two trips until it is seen, and is asked for again after L/4; the lease L of gw-1 is 400ms)")
	want(t, found, "writes", doctor.Unsafe, "more than L/8")
	if mend := found["link"].Mend; !strings.Contains(mend, "--lease") {
		t.Errorf("to mend: %q", mend)
	}
}

// TestOldServer: a server from before atomic batches, with too small messages.
func TestOldServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go old(c)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	found := map[string]doctor.Finding{}
	if err := doctor.Examine(ctx, doctor.Config{Connect: dial("nats://" + l.Addr().String())}, func(f doctor.Finding) { found[f.Check] = f }); err != nil {
		t.Fatal(err)
	}
	want(t, found, "hub version", doctor.Unsafe, "nats-server 2.10.4: at least "+cluster.LeastVersion+" is needed")
	want(t, found, "max_payload", doctor.Unsafe, "65536 bytes: must be at least")
}

// old is such a server, which has no JetStream and answers pings.
func old(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, `INFO {"server_id":"O","server_name":"old","version":"2.10.4","proto":1,"headers":true,"max_payload":65536}`+"\r\n")
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "PING") {
			fmt.Fprint(c, "PONG\r\n")
		}
	}
}

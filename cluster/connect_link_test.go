package cluster_test

import (
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/roost-iot/roost/cluster"
	"github.com/roost-iot/roost/cluster/access"
	"github.com/roost-iot/roost/cluster/clustertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// hubWith starts a bare hub with a certificate of the authority, and returns where it is dialled.
func hubWith(t *testing.T, ca *clustertest.Authority, host string, change ...func(*x509.Certificate)) string {
	t.Helper()
	certificate, key := ca.Issue(t, host, change...)
	dir := t.TempDir()
	crt, pem := filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	if err := errors.Join(os.WriteFile(crt, []byte(certificate), 0o600), os.WriteFile(pem, []byte(key), 0o600)); err != nil {
		t.Fatal(err)
	}
	config, err := server.GenTLSConfig(&server.TLSConfigOpts{CertFile: crt, KeyFile: pem})
	if err != nil {
		t.Fatal(err)
	}
	return bareHub(t, &server.Options{TLSConfig: config, TLSTimeout: 5})
}

// bareHub starts a hub that knows a user, but not the one who comes.
func bareHub(t *testing.T, o *server.Options) string {
	t.Helper()
	pair, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	user, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	o.Host, o.Port, o.NoSigs, o.NoLog, o.Nkeys = "127.0.0.1", server.RANDOM_PORT, true, true, []*server.NkeyUser{{Nkey: user}}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(s.Shutdown)
	if !s.ReadyForConnections(askWait) {
		t.Fatal("the hub does not serve")
	}
	return "tls://" + s.Addr().String()
}

// TestConnectAsFails: why there is no connection is said in one line, which names the hub and has no secret in it.
func TestConnectAsFails(t *testing.T) {
	hub := clustertest.StartSecured(t, "test", clustertest.User{Name: "ann", Role: access.RoleOperator})
	plain := clustertest.Start(t)
	stranger := clustertest.StartSecured(t, "test", clustertest.User{Name: "ann", Role: access.RoleOperator})
	with := func(change func(*access.Credential)) *access.Credential {
		c := hub.Credential("ann")
		change(c)
		return c
	}
	for name, c := range map[string]struct {
		credential *access.Credential
		code       roostv1.Code
		want       string
	}{
		"another authority":   {with(func(c *access.Credential) { c.CA = stranger.CA.PEM }), roostv1.ErrPermission, "do not vouch for"},
		"another fleet's hub": {with(func(c *access.Credential) { c.Hub = stranger.URL() }), roostv1.ErrPermission, "another fleet's"},
		"not known there": {with(func(c *access.Credential) {
			other := stranger.Credential("ann")
			c.Data, c.Talk = other.Data, other.Talk
		}), roostv1.ErrPermission, "refused the credentials of operator ann: they were revoked"},
		"talk is not known": {with(func(c *access.Credential) { c.Talk = stranger.Credential("ann").Talk }), roostv1.ErrPermission, "refused the credentials"},
		"another name":      {with(func(c *access.Credential) { c.Hub = hubWith(t, hub.CA, "hub.plant") }), roostv1.ErrPermission, "not for 127.0.0.1, only for hub.plant"},
		"expired": {with(func(c *access.Credential) {
			c.Hub = hubWith(t, hub.CA, "127.0.0.1", func(x *x509.Certificate) { x.NotAfter = time.Now().Add(-time.Minute) })
		}), roostv1.ErrPermission, "expired at"},
		"not valid yet": {with(func(c *access.Credential) {
			c.Hub = hubWith(t, hub.CA, "127.0.0.1", func(x *x509.Certificate) { x.NotBefore = time.Now().Add(time.Minute) })
		}), roostv1.ErrPermission, "valid only from"},
		"a hub without users": {with(func(c *access.Credential) { c.Hub = strings.Replace(plain.URL(), "nats:", "tls:", 1) }), roostv1.ErrPermission, "without TLS and its users"},
		"a hub without TLS":   {with(func(c *access.Credential) { c.Hub = bareHub(t, &server.Options{}) }), roostv1.ErrPermission, "does not speak TLS"},
		"nobody there":        {with(func(c *access.Credential) { c.Hub = "tls://127.0.0.1:1" }), roostv1.ErrUnavailable, "cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			link, err := cluster.ConnectClientAs(t.Context(), c.credential, "test", nil)
			if err == nil {
				link.Close()
			}
			oneLine(t, err, c.code, c.want, c.credential)
		})
	}
	t.Run("without credentials", func(t *testing.T) {
		for _, address := range []string{hub.URL(), hub.Hub.URL()} {
			_, err := cluster.ConnectClient(t.Context(), address, "test", nil)
			oneLine(t, err, roostv1.ErrPermission, "--creds", hub.Credential("ann"))
		}
	})
	t.Run("not a gateway's", func(t *testing.T) {
		_, err := cluster.ConnectGatewayAs(hub.Credential("ann"), nil)
		if !errors.Is(err, roostv1.ErrPermission) || !strings.Contains(err.Error(), "operator ann are not those of a gateway") {
			t.Errorf("got %v", err)
		}
	})
}

func oneLine(t *testing.T, err error, code roostv1.Code, want string, credential *access.Credential) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Fatalf("got %v, want %v", err, code)
	}
	u, _ := url.Parse(credential.Hub)
	text := err.Error()
	if !strings.Contains(text, want) || !strings.HasPrefix(text, "hub at ") || strings.Contains(text, "\n") {
		t.Errorf("got %q, want one line with %q and %s", text, want, u.Host)
	}
	for _, secret := range []string{credential.Data, credential.Talk} {
		if strings.Contains(text, secret) {
			t.Errorf("a seed is in %q", text)
		}
	}
}

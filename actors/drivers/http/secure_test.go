package httpdev_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// secure is a device that speaks TLS, with how often it was asked something.
func secure(t testing.TB, config *tls.Config) (s *httptest.Server, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, "3")
	}))
	s.TLS = config
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of those who do not trust it
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, asked
}

func file(t testing.TB, blocks ...*pem.Block) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	var text []byte
	for _, b := range blocks {
		text = append(text, pem.EncodeToMemory(b)...)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func fingerprint(s *httptest.Server) string {
	sum := sha256.Sum256(s.Certificate().Raw)
	var parts []string
	for _, b := range sum {
		parts = append(parts, fmt.Sprintf("%02X", b))
	}
	return strings.Join(parts, ":")
}

// TestWhoTheDeviceIs: a device that does not prove who it is is told nothing, secrets least of all.
func TestWhoTheDeviceIs(t *testing.T) {
	s, asked := secure(t, nil)
	other, _ := secure(t, &tls.Config{Certificates: []tls.Certificate{ownCertificate(t)}})
	t.Setenv("ROOST_TEST_TOKEN", "hunter2")
	ca := file(t, &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	empty := file(t)
	tests := []struct{ name, address, want string }{
		{"the right authority", "ca=" + ca, ""},
		{"the right pin", "pin=" + fingerprint(s), ""},
		{"nobody vouches", "", "certificate signed by unknown authority"},
		{"another pin", "pin=" + fingerprint(other), "another one than is pinned: its SHA-256 is"},
		{"no authority", "ca=" + empty, "there is no certificate in " + empty},
		{"a folder", "ca=" + t.TempDir(), "it is no regular file"},
		{"no file", "ca=/nowhere/at/all", "read the authorities"},
	}
	for _, tt := range tests {
		before := asked.Load()
		address := "url=" + s.URL + "; token=env:ROOST_TEST_TOKEN; " + tt.address
		session, err := newDriver().Open(within(t, 5*time.Second), device(address, resource("level", isUint, readOnly, "path=/level")))
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: opened with %v, want %q", tt.name, err, tt.want)
		case err == nil:
			wantValues(t, session, map[string]string{"level": "3"})
			_ = session.Close(t.Context())
		case asked.Load() != before:
			t.Errorf("%s: the device was asked something", tt.name)
		}
	}
	d := device("url="+other.URL+"; pin="+fingerprint(s), resource("set", isUint, writeOnly, "write_path=/set"))
	wantOutcome(t, "write to another device", actuate(t.Context(), opened(t, d), write("set", roostv1.Uint(1))), actors.ErrNotSent)
}

// TestWhoWeAre: our own certificate is shown to a device that wants one.
func TestWhoWeAre(t *testing.T) {
	s, _ := secure(t, &tls.Config{ClientAuth: tls.RequireAnyClientCert})
	own := ownCertificate(t)
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	address := "url=" + s.URL + "; pin=" + fingerprint(s)
	level := resource("level", isUint, readOnly, "path=/level")
	if _, err := newDriver().Open(t.Context(), device(address, level)); err == nil {
		t.Error("opened without a certificate of ours")
	}
	cert := file(t, &pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})
	with := address + "; cert=file:" + cert + "; key=file:" + file(t, &pem.Block{Type: "PRIVATE KEY", Bytes: key})
	wantValues(t, opened(t, device(with, level)), map[string]string{"level": "3"})
	if _, err := newDriver().Open(t.Context(), device(address+"; cert=file:"+cert+"; key=file:"+cert, level)); err == nil ||
		!strings.Contains(err.Error(), "our certificate file:"+cert) {
		t.Errorf("opened with %v", err)
	}
}

func ownCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gw-1"}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// TestSecretsStayHidden: no error shows one, also where the device repeats it.
func TestSecretsStayHidden(t *testing.T) {
	w := played(t, func(_ int, r *http.Request, conn net.Conn) bool {
		return say(conn, "400 Bad Request", "you said "+r.Header.Get("X-Api-Key")+" and "+r.Header.Get("Authorization"))
	})
	t.Setenv("ROOST_TEST_TOKEN", "hunter2")
	t.Setenv("ROOST_TEST_KEY", "swordfish")
	s := opened(t, device(w.url()+"; secret.X-Api-Key=env:ROOST_TEST_KEY; token=env:ROOST_TEST_TOKEN", resource("set", isUint, writeOnly, "write_path=/set")))
	err := actuate(t.Context(), s, write("set", roostv1.Uint(1)))
	wantOutcome(t, "a bad request", err, actors.ErrRefused)
	if text := fmt.Sprint(err); strings.Contains(text, "hunter2") || strings.Contains(text, "swordfish") || !strings.Contains(text, "you said *** and Bearer ***") {
		t.Errorf("the error is %v", err)
	}
}

// TestHeaders: what the address says goes with reads and writes.
func TestHeaders(t *testing.T) {
	seen := make(chan http.Header, 2)
	w := played(t, func(_ int, r *http.Request, conn net.Conn) bool {
		seen <- r.Header
		return say(conn, "200 OK", "3")
	})
	t.Setenv("ROOST_TEST_KEY", "swordfish")
	s := opened(t, device(w.url()+"; header.X-Site=north; secret.X-Api-Key=env:ROOST_TEST_KEY; header.Accept=text/plain",
		resource("level", isUint, readOnly, "path=/level"), resource("set", isUint, writeOnly, `write_path=/set; write=[{value}]`)))
	if err := actuate(t.Context(), s, write("set", roostv1.Uint(1))); err != nil {
		t.Fatal(err)
	}
	read, wrote := <-seen, <-seen
	for _, h := range []http.Header{read, wrote} {
		if h.Get("X-Site") != "north" || h.Get("X-Api-Key") != "swordfish" || h.Get("Accept") != "text/plain" {
			t.Errorf("the headers are %v", h)
		}
	}
	if wrote.Get("Content-Type") != "application/json" {
		t.Errorf("the body is said to be %q", wrote.Get("Content-Type"))
	}
}

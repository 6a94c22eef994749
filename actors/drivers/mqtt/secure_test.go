package mqtt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPassword: who we are is checked by the broker, and what we may read.
func TestPassword(t *testing.T) {
	peertest.Need(t, peertest.Program("mosquitto_passwd", "mosquitto"))
	folder := t.TempDir()
	users := write(t, filepath.Join(folder, "users"), "")
	if out, err := exec.Command("mosquitto_passwd", "-b", users, "roost", "hunter2").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rights := write(t, filepath.Join(folder, "rights"), "user roost\ntopic readwrite lamps/#\n")
	b := startBroker(t, "allow_anonymous false", "password_file "+users, "acl_file "+rights)
	secret := write(t, filepath.Join(folder, "password"), "hunter2\n")

	driver := newDriver()
	if err := opens(t, driver, lamp("d1", b.at), patience); !errors.Is(err, roostv1.ErrPermission) {
		t.Errorf("open without a user: %v, want ErrPermission", err)
	}
	known := with(lamp("d1", b.at), "username=roost password=file:"+secret)
	if err := opens(t, driver, known, patience); err != nil {
		t.Error(err)
	}
	write(t, secret, "hunter3")
	err := opens(t, driver, known, patience)
	if !errors.Is(err, roostv1.ErrPermission) || strings.Contains(err.Error(), "hunter") {
		t.Errorf("open with a wrong password: %v, want ErrPermission, and no password in it", err)
	}
	if err := opens(t, driver, with(lamp("d1", b.at), "username=roost password=file:"+secret+".none"), patience); err == nil {
		t.Error("opened without the secret")
	}
}

// TestTLS: the broker shows a certificate, and wants one.
func TestTLS(t *testing.T) {
	peertest.Need(t, peertest.Program("mosquitto", "mosquitto"))
	folder := t.TempDir()
	ca := newAuthority(t, folder)
	ca.issue(t, "broker")
	ca.issue(t, "gateway")
	at := peertest.FreeAddress(t, "tcp")
	web := peertest.FreeAddress(t, "tcp")
	path := func(name string) string { return filepath.Join(folder, name) }
	peertest.Start(t, peertest.Command{Name: "mosquitto", Ready: []peertest.Ready{peertest.Listens(at), peertest.Listens(web)}, Args: []string{"-c", write(t, path("conf"), strings.Join([]string{
		"user root", "per_listener_settings true",
		"listener " + peertest.Port(at) + " 127.0.0.1", "allow_anonymous true", "require_certificate true",
		"cafile " + path("ca.pem"), "certfile " + path("broker.pem"), "keyfile " + path("broker.key"),
		"listener " + peertest.Port(web) + " 127.0.0.1", "allow_anonymous true", "protocol websockets",
	}, "\n")+"\n")}})
	const ours = "broker=ssl://%at ca=%ca cert=%cert key=file:%key"
	fill := strings.NewReplacer("%at", at, "%ca", path("ca.pem"), "%cert", path("gateway.pem"), "%key", path("gateway.key"), "%web", web)
	for name, test := range map[string]struct {
		address string
		opens   bool
	}{
		"all":            {ours, true},
		"no certificate": {"broker=ssl://%at ca=%ca", false},
		"another's":      {strings.ReplaceAll(ours, "ca=%ca", "ca=%cert"), false},
		"no authority":   {strings.ReplaceAll(ours, "ca=%ca", ""), false},
		"no TLS":         {"broker=tcp://%at", false},
		"web socket":     {"broker=ws://%web/mqtt", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := with(lamp("d1", at), fill.Replace(test.address))
			driver := newDriver()
			s, err := tryOpen(t, driver, d)
			if test.opens != (err == nil) {
				t.Fatalf("open: %v", err)
			}
			if err != nil {
				return
			}
			if _, err := act(t, s, actors.Action{Resource: "on", Value: roostv1.Bool(true)}, patience); err != nil {
				t.Error(err)
			}
		})
	}
}

// authority makes certificates for 127.0.0.1.
type authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, folder string) *authority {
	t.Helper()
	a := &authority{folder: folder}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.key = a.make(t, "ca", a.cert)
	return a
}

func (a *authority) issue(t *testing.T, name string) {
	t.Helper()
	a.make(t, name, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
}

func (a *authority) make(t *testing.T, name string, c *x509.Certificate) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(a.folder, name+".pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, filepath.Join(a.folder, name+".key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return key
}

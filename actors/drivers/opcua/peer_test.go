package opcua_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/opcua"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The server here is node-opcua's, which nobody here wrote. ROOST_NODE_MODULES names the folder of node modules that has it.

// peer is a server in a process of its own, and the folder with its certificates.
type peer struct {
	*peertest.Peer
	endpoint, folder string
}

// certified is a key and its certificate, which are made once: that takes time.
type certified struct{ key, certificate []byte } // PEM

var (
	serverPair = sync.OnceValue(func() certified { return newPair("urn:roost:test:server") })
	clientPair = sync.OnceValue(func() certified { return newPair("urn:roost:test:client") })
	userPair   = sync.OnceValue(func() certified { return newPair("urn:roost:test:user") })
	otherPair  = sync.OnceValue(func() certified { return newPair("urn:roost:test:other") })
)

func newPair(uri string) certified {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	application, _ := url.Parse(uri)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: uri}, URIs: []*url.URL{application}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment |
			x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	return certified{
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}
}

func needPeer(t testing.TB) {
	t.Helper()
	modules := os.Getenv("ROOST_NODE_MODULES")
	if modules == "" {
		modules = "node_modules"
	}
	peertest.Need(t, peertest.Program("node", "nodejs"),
		peertest.File(filepath.Join(modules, "node-opcua"), "npm install node-opcua, and ROOST_NODE_MODULES names its node_modules"))
}

// startPeer starts a server, which ends with the test.
func startPeer(t testing.TB) *peer {
	t.Helper()
	needPeer(t)
	folder := t.TempDir()
	write(t, folder, "server.pem", serverPair().certificate)
	write(t, folder, "server.key", serverPair().key)
	write(t, folder, "client.pem", clientPair().certificate)
	write(t, folder, "client.key", clientPair().key)
	write(t, folder, "other.pem", otherPair().certificate)
	write(t, folder, "other.key", otherPair().key)
	write(t, folder, "user.pem", userPair().certificate)
	write(t, folder, "user.key", userPair().key)
	write(t, folder, "pki/trusted/certs/client.pem", clientPair().certificate)
	write(t, folder, "pki/trusted/certs/user.pem", userPair().certificate)
	write(t, folder, "password", []byte("right\n"))
	write(t, folder, "wrong", []byte("hunter2\n"))
	at := peertest.FreeAddress(t, "tcp")
	p := peertest.Start(t, peertest.Command{
		Name: "node", Args: []string{filepath.Join("testdata", "server.js"), peertest.Port(at), folder}, Ready: []peertest.Ready{peertest.Says("ready")},
		Patience: 2 * time.Minute, // it reads the address space of the specification, which takes a busy machine long
	})
	return &peer{Peer: p, endpoint: "opc.tcp://" + at + "/plant", folder: folder}
}

func write(t testing.TB, folder, name string, text []byte) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// device returns a device of the server; the address is in words, and $ is its folder.
func (p *peer) device(address string, resources ...*roostv1.Resource) actors.Device {
	return device("plant", "endpoint="+p.endpoint+" "+strings.ReplaceAll(address, "$", p.folder), resources...)
}

// device returns a device; the address is in words: endpoint=opc.tcp://host read=monitor.
func device(id, address string, resources ...*roostv1.Resource) actors.Device {
	spec := &roostv1.DeviceSpec{Id: id, Profile: "p", Driver: opcua.Name, Address: map[string]string{}}
	for _, word := range strings.Fields(address) {
		key, value, _ := strings.Cut(word, "=")
		spec.Address[key] = value
	}
	return actors.Device{Spec: spec, Profile: &roostv1.Profile{Id: "p", Resources: resources}}
}

const (
	isBool   = roostv1.ValueType_VALUE_TYPE_BOOL
	isInt    = roostv1.ValueType_VALUE_TYPE_INT
	isUint   = roostv1.ValueType_VALUE_TYPE_UINT
	isDouble = roostv1.ValueType_VALUE_TYPE_DOUBLE
	isText   = roostv1.ValueType_VALUE_TYPE_STRING
	isBytes  = roostv1.ValueType_VALUE_TYPE_BYTES
)

// resource returns one that is read and written; the protocol is in words: node=ns=2;s=Level index=1.
func resource(name string, t roostv1.ValueType, protocol string) *roostv1.Resource {
	r := &roostv1.Resource{Name: name, Type: t, Access: roostv1.Access_ACCESS_READ_WRITE, Protocol: map[string]string{}}
	for _, word := range strings.Fields(protocol) {
		key, value, _ := strings.Cut(word, "=")
		r.Protocol[key] = value
	}
	return r
}

// readOnly returns one that is only read.
func readOnly(name string, t roostv1.ValueType, protocol string) *roostv1.Resource {
	r := resource(name, t, protocol)
	r.Access = roostv1.Access_ACCESS_READ
	return r
}

// open opens a session, which is closed with the test.
func open(t testing.TB, d actors.Device) actors.Session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := newDriver().Open(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// poll returns values as text, or the reason why there is none.
func poll(t testing.TB, s actors.Session, names ...string) map[string]string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	samples, err := s.(actors.Poller).Poll(ctx, names)
	if err != nil {
		t.Fatal(err)
	}
	return texts(samples)
}

func texts(samples []actors.Sample) map[string]string {
	got := make(map[string]string)
	for _, s := range samples {
		got[s.Resource] = s.Value.Format()
		if s.Value == nil {
			got[s.Resource] = strings.TrimPrefix(s.Reason.String(), "QUALITY_REASON_")
		}
	}
	return got
}

func wantValues(t testing.TB, s actors.Session, want map[string]string) {
	t.Helper()
	var names []string
	for name := range want {
		names = append(names, name)
	}
	got := poll(t, s, names...)
	for name, want := range want {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
}

// act sends an action with a time limit.
func act(t testing.TB, s actors.Session, a actors.Action) (map[string]*roostv1.Value, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return s.(actors.Actuator).Actuate(ctx, a)
}

func setting(name string, v *roostv1.Value) actors.Action {
	return actors.Action{CommandID: "c", Command: "set", Resource: name, Value: v}
}

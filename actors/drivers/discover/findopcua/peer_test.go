package findopcua_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/discover"
	"github.com/roost-iot/roost/actors/drivers/discover/findopcua"
	"github.com/roost-iot/roost/actors/drivers/drivertest"
	"github.com/roost-iot/roost/actors/drivers/opcua"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The server here is node-opcua's, which nobody here wrote. ROOST_NODE_MODULES names the folder of node modules that has it.
func startServer(t *testing.T) (server *peertest.Peer, endpoint string) {
	t.Helper()
	modules := os.Getenv("ROOST_NODE_MODULES")
	if modules == "" {
		modules = "node_modules"
	}
	peertest.Need(t, peertest.Program("node", "nodejs"),
		peertest.File(filepath.Join(modules, "node-opcua"), "npm install node-opcua, and ROOST_NODE_MODULES names its node_modules"))
	folder := t.TempDir()
	certify(t, folder)
	at := peertest.FreeAddress(t, "tcp")
	server = peertest.Start(t, peertest.Command{
		Name: "node", Args: []string{filepath.Join("testdata", "plant.js"), peertest.Port(at), folder}, Ready: []peertest.Ready{peertest.Says("ready")},
		Patience: 2 * time.Minute, // it loads for a long time where others work
	})
	return server, "opc.tcp://" + at + "/plant"
}

// certify makes the certificate that the server cannot do without.
func certify(t *testing.T, folder string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	uri, _ := url.Parse("urn:roost:test:server")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "server"}, URIs: []*url.URL{uri}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"server.pem": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func browse(ctx context.Context, t *testing.T, endpoint string, depth, limit int) (*discover.Draft, discover.Progress) {
	t.Helper()
	found, progress, err := findopcua.Browse(ctx, findopcua.Config{Keys: map[string]string{"endpoint": endpoint}, Depth: depth, Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	d := found.Draft()
	if problems := roostv1.ValidateFleet(d.Fleet); len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	return d, progress
}

// TestPeer: what the server has is found.
func TestPeer(t *testing.T) {
	server, endpoint := startServer(t)
	t.Run("all", func(t *testing.T) { all(t, server, endpoint) })
	t.Run("bounds", func(t *testing.T) { bounds(t, endpoint) })
	t.Run("interrupted", func(t *testing.T) { interrupted(t, endpoint) })
}

// all: each variable is found once, and the driver reads all of them.
func all(t *testing.T, server *peertest.Peer, endpoint string) {
	began := time.Now()
	d, progress := browse(t.Context(), t, endpoint, 10, 500)
	t.Logf("%d nodes, %d variables in %v", progress.Done, progress.Found, time.Since(began).Round(time.Millisecond))
	if len(d.Fleet.Devices) != 1 {
		t.Fatalf("devices: %v", d.Fleet.Devices)
	}
	spec, profile := d.Fleet.Devices[0], d.Fleet.Profiles[0]
	if n := len(profile.Resources); n != 125 || !strings.Contains(d.Note(profile), "1 variables were left out,") {
		t.Errorf("%d resources, and the note %q", n, d.Note(profile))
	}
	temperature := profile.Resource("Boiler-1-Temperature")
	if temperature.GetUnit() != "Cel" || temperature.GetProtocol()["node"] != "nsu=urn:roost:plant;s=Temperature" ||
		d.Note(temperature) != "was 61.5; usually from 0 to 120" || temperature.GetType() != roostv1.ValueType_VALUE_TYPE_DOUBLE {
		t.Errorf("temperature: %v, %q", temperature, d.Note(temperature))
	}
	if note := d.Note(profile.Resource("Boiler-1-Setpoint")); note != "was 60; can be written" {
		t.Errorf("note of what can be written: %q", note)
	}
	values := drivertest.Values(t, new(opcua.Driver), actors.Device{Spec: spec, Profile: profile})
	for name, want := range map[string]string{"Boiler-1-Temperature": "61.5", "Count": "7", "Running": "true", "Cell119-Level119": "119"} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if strings.Contains(server.Output(), "written") {
		t.Error("something was written")
	}
}

// bounds: depth and limit are kept, and what they leave out is told.
func bounds(t *testing.T, endpoint string) {
	for _, test := range []struct{ depth, limit, want int }{{10, 10, 10}, {1, 500, 3}, {2, 500, 125}} {
		d, _ := browse(t.Context(), t, endpoint, test.depth, test.limit)
		n := len(d.Fleet.Profiles[0].Resources)
		if n > test.want || n < test.want-1 || (test.want < 125) != strings.Contains(d.Note(d.Fleet.Profiles[0]), "There is more") {
			t.Errorf("to depth %d, at most %d: %d resources, %q", test.depth, test.limit, n, d.Note(d.Fleet.Profiles[0]))
		}
	}
}

// interrupted: what was found until the end of the context is told, with what it is.
func interrupted(t *testing.T, endpoint string) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	found, progress, err := findopcua.Browse(ctx, findopcua.Config{
		Keys: map[string]string{"endpoint": endpoint}, Depth: 10, Limit: 500, Tell: func(p discover.Progress) {
			if p.Found == 100 {
				cancel()
			}
		},
	})
	if d := found.Draft(); err != nil || progress.Found < 100 || d.Empty() || len(d.Fleet.Profiles[0].Resources) < 50 {
		t.Errorf("interrupted: %+v, %v, %v", progress, err, d.Fleet.Devices)
	}
}

package mqttd_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/roost-iot/roost/actors"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

func TestSecondConnectionTakesOver(t *testing.T) {
	for _, version := range []byte{4, 5} {
		at, s := freeAddress(t), newStore()
		g := greeting{id: "d", version: version, willTopic: "d/status", will: "offline"}
		driver := newDriver()
		_, first := dialIn(t, driver, device("d", at, ""), s, g)
		begun := time.Now()
		second := letIn(t, at, g)
		took := time.Since(begun)
		came := first.gone()
		if told := len(came) == 1 && came[0].ReasonCode == packets.ErrSessionTakenOver.Code; told != (version == 5) {
			t.Errorf("MQTT %d: the first connection was told %+v", version, came)
		}
		second.publish("d/status", "online", 1, 1)
		second.expect(packets.Puback)
		if got := driver.Counts(); got.Connected != 2 || got.TakenOver != 1 {
			t.Errorf("MQTT %d: counts %+v, want 2 connections, of which 1 took over", version, got)
		}
		if got, _ := s.all(); len(got) != 1 || !got[0].Value.GetBool() {
			t.Errorf("MQTT %d: samples %+v; the will of one that is there again must not come", version, got)
		}
		t.Logf("MQTT %d: taken over in %v", version, took)
	}
}

func TestManyDialAtOnce(t *testing.T) {
	at, s := freeAddress(t), newStore()
	driver := newDriver()
	dialIn(t, driver, device("d", at, ""), s, greeting{id: "d"})
	done := make(chan bool)
	const many = 20
	for range many {
		go func() {
			defer func() { done <- true }()
			r := dialRaw(t, at)
			if r.connect(greeting{id: "d", keep: true}) == 0 {
				_ = r.try(publication("d/status", "online", 1, 1))
			}
		}()
	}
	for range many {
		<-done
	}
	last := letIn(t, at, greeting{id: "d"})
	last.publish("d/status", "online", 1, 1)
	last.expect(packets.Puback)
}

func TestDeviceThatIsAway(t *testing.T) {
	at := freeAddress(t)
	d := device("d", at, "away=200ms")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := newDriver().Open(ctx, d); !errors.Is(err, roostv1.ErrOffline) || !strings.Contains(err.Error(), `"d"`) {
		t.Errorf("opened without the device: %v", err)
	}
	s := newStore()
	v, r := dialIn(t, newDriver(), d, s, greeting{id: "d"})
	_ = r.conn.Close()
	r = letIn(t, at, greeting{id: "d"}) // back in time
	r.publish("d/status", "online", 1, 1)
	r.expect(packets.Puback)
	select {
	case err := <-v.ended:
		t.Fatalf("push ended while the device was there: %v", err)
	default:
	}
	gone := time.Now()
	_ = r.conn.Close()
	if err := <-v.ended; !errors.Is(err, roostv1.ErrOffline) {
		t.Errorf("push ended with %v, want OFFLINE", err)
	}
	for _, bad := range s.wait(t, 5)[1:] {
		if bad.Quality != roostv1.Quality_QUALITY_BAD || bad.Reason != roostv1.QualityReason_QUALITY_REASON_NOT_CONNECTED {
			t.Errorf("of a device that is away came %+v", bad)
		}
	}
	if took := time.Since(gone); took < 200*time.Millisecond || took > 2*time.Second {
		t.Errorf("that the device is away was told after %v, want 200ms", took)
	}
}

func TestSleepyDevice(t *testing.T) {
	at, s := freeAddress(t), newStore()
	v := open(t, newDriver(), device("d", at, "sleepy=true"), s, nil)
	for i := range 3 {
		r := letIn(t, at, greeting{id: "d"})
		r.publish("d/status", "online", 0, 0)
		_ = r.conn.Close() // without a farewell, and at once
		s.wait(t, i+1)
	}
	select {
	case err := <-v.ended:
		t.Errorf("push ended: %v", err)
	default:
	}
}

func TestLastWill(t *testing.T) {
	at, s := freeAddress(t), newStore()
	g := greeting{id: "d", willTopic: "d/status", will: "offline"}
	_, r := dialIn(t, newDriver(), device("d", at, ""), s, g)
	r.publish("d/status", "online", 1, 1)
	r.expect(packets.Puback)
	_ = r.conn.Close()
	if got := s.wait(t, 2); got[1].Value.GetBool() {
		t.Errorf("after its end the device is %+v", got[1])
	}
	g.willTopic = "e/status"
	r = letIn(t, at, g)
	_ = r.conn.Close()
	g.willTopic = "d/status"
	r = letIn(t, at, g)
	_ = r.conn.Close()
	if got := s.wait(t, 3); len(got) != 3 {
		t.Errorf("samples %+v; a will in another's name must not come", got)
	}
}

// TestWillReachesNobodyElse: the last will of a device is for the gateway. The library would send it to who listens, and again when that one dials in
// anew.
func TestWillReachesNobodyElse(t *testing.T) {
	at := freeAddress(t)
	driver := newDriver()
	v, victim := dialIn(t, driver, device("victim", at, ""), newStore(), greeting{id: "victim", keep: true})
	victim.subscribe("victim/#", 1)
	open(t, driver, device("d", at, "sleepy=true"), newStore(), nil)
	r := letIn(t, at, greeting{id: "d", willTopic: "victim/valve/set", will: "ON", willQoS: 1, willRetain: true})
	_ = r.conn.Close()
	letIn(t, at, greeting{id: "d"}) // so that its first connection has ended
	if pk, err := victim.readWithin(50 * time.Millisecond); err == nil {
		t.Errorf("another's will came: %+v", pk)
	}
	_ = victim.conn.Close()
	victim = letIn(t, at, greeting{id: "victim", keep: true})
	victim.subscribe("victim/valve/set", 1)
	ended := v.writing(patience)
	pk := victim.expect(packets.Publish)
	if pk.PacketID == 0 || pk.FixedHeader.Retain || pk.FixedHeader.Dup {
		t.Errorf("the device got %+v", pk)
	}
	victim.puback(pk.PacketID, 0)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestSilentDeviceIsCutOff(t *testing.T) {
	at := freeAddress(t)
	_, r := dialIn(t, newDriver(), device("d", at, "keepalive=1s"), newStore(), greeting{id: "d", version: 5})
	begun := time.Now()
	r.gone()
	if took := time.Since(begun); took < time.Second || took > 5*time.Second {
		t.Errorf("cut off after %v, want 1.5s", took)
	}
}

func TestTwoDevicesOfOneClient(t *testing.T) {
	at := freeAddress(t)
	driver := newDriver()
	open(t, driver, device("d", at, "client=c sleepy=true"), newStore(), nil)
	_, err := driver.Open(t.Context(), device("e", at, "client=c sleepy=true"))
	if !errors.Is(err, roostv1.ErrInvalid) || !strings.Contains(err.Error(), "is device d already") {
		t.Errorf("got %v", err)
	}
}

// TestCloseEndsTheConnection, and the next session gets the device back.
func TestCloseEndsTheConnection(t *testing.T) {
	at := freeAddress(t)
	driver := newDriver()
	for _, version := range []byte{4, 5} {
		d := device("d", at, "")
		v, r := dialIn(t, driver, d, newStore(), greeting{id: "d", version: version})
		if err := v.Session.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if came := r.gone(); (len(came) == 1) != (version == 5) {
			t.Errorf("MQTT %d: at the end the device was told %+v", version, came)
		}
		if conn, err := net.Dial("tcp", at); err == nil {
			t.Errorf("the gateway listens after its last session")
			_ = conn.Close()
		}
		v, r = dialIn(t, driver, d, newStore(), greeting{id: "d", version: version})
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := v.Session.Close(ended); err != nil {
			t.Error(err)
		}
		if came := r.gone(); len(came) != 0 {
			t.Errorf("MQTT %d: at an end without a word the device was told %+v", version, came)
		}
	}
}

// certificate returns files of a certificate for 127.0.0.1 and of its key, and who trusts it.
func certificate(t *testing.T) (cert, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write := func(path, kind string, bytes []byte) {
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(cert, "CERTIFICATE", der)
	write(key, "PRIVATE KEY", secret)
	trust = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	trust.AddCert(parsed)
	return cert, key, trust
}

func TestTLS(t *testing.T) {
	at, s := freeAddress(t), newStore()
	cert, key, trust := certificate(t)
	driver := newDriver()
	v := open(t, driver, device("d", at, "sleepy=true cert="+cert+" key=file:"+key), s, nil)
	options := paho.NewClientOptions().AddBroker("ssl://" + at).SetClientID("d").SetTLSConfig(&tls.Config{RootCAs: trust})
	client := paho.NewClient(options)
	if token := client.Connect(); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	defer client.Disconnect(0)
	client.Subscribe("d/#", 1, func(paho.Client, paho.Message) {}).WaitTimeout(patience)
	if token := client.Publish("d/status", 1, false, "online"); !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatal(token.Error())
	}
	if err := v.write("valve", roostv1.Bool(true), patience); err != nil {
		t.Error(err)
	}
	if r := dialRaw(t, at); r.connect(greeting{id: "d"}) != -1 {
		t.Error("a device got in without TLS")
	}
	for _, other := range []actors.Device{
		device("e", at, "sleepy=true"), device("e", freeAddress(t), "sleepy=true cert="+key+" key=file:"+key),
		device("e", freeAddress(t), "sleepy=true cert="+cert+".none key=file:"+key),
	} {
		if _, err := driver.Open(t.Context(), other); err == nil {
			t.Errorf("opened with %v", other.Spec.Address)
		}
	}
}

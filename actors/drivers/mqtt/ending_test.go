package mqtt_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestUnsubscribedLate: the end of a session takes nothing from the next one of the same device.
func TestUnsubscribedLate(t *testing.T) {
	var mu sync.Mutex
	subscribed := make(map[string]bool)
	f := startFake(t, func(_ *fakeConn, p packets.ControlPacket) bool {
		mu.Lock()
		defer mu.Unlock()
		switch p := p.(type) {
		case *packets.SubscribePacket:
			subscribed[p.Topics[0]] = true
		case *packets.UnsubscribePacket:
			for _, topic := range p.Topics {
				delete(subscribed, topic)
			}
		}
		return false
	})
	driver := newDriver()
	open(t, driver, lamp("d2", f.at())) // keeps the connection
	c := f.conn(t)
	for i := range 10 {
		if err := opens(t, driver, lamp("d1", f.at()), patience); err != nil {
			t.Fatal(err)
		}
		s := open(t, driver, lamp("d1", f.at()))
		next[*packets.PublishPacket](c, 10*time.Millisecond) // time for what may come yet
		mu.Lock()
		hears := subscribed["lamps/d1/on"]
		mu.Unlock()
		if !hears {
			t.Fatalf("session %d hears nothing: the one before has unsubscribed since", i)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// TestCloseOfABrokerThatTakesNothing ends when its context does, and at once when there is none to tell.
func TestCloseOfABrokerThatTakesNothing(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	f := startFake(t, func(c *fakeConn, p packets.ControlPacket) bool {
		if _, is := p.(*packets.SubscribePacket); is {
			c.asBroker(p)
			<-stuck
		}
		return false
	})
	driver := newDriver()
	s := open(t, driver, with(lamp("d1", f.at()), "keepalive=1m"))
	var many []*roostv1.Resource // that fill what the kernel holds
	for i := range 300 {
		many = append(many, readable(fmt.Sprintf("r%d", i), isText, fmt.Sprintf("topic=%d/%s", i, strings.Repeat("x", 60000))))
	}
	if err := opens(t, driver, with(device("d2", f.at(), many...), "keepalive=1m"), time.Second); err == nil {
		t.Error("opened, and nothing is taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	begun := time.Now()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
	took := time.Since(begun)
	if took > 200*time.Millisecond {
		t.Errorf("Close took %v, and its context ended after 10ms", took)
	}
	t.Logf("closed %v after its context had 10ms left", took)
}

// TestCutWithoutFarewell: TLS wants to say that it ends, and waits 5s for a peer that takes nothing.
func TestCutWithoutFarewell(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	peer := tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}})
	shaken := make(chan error, 1)
	go func() { shaken <- peer.HandshakeContext(t.Context()) }()
	conn := tls.Client(ours, &tls.Config{InsecureSkipVerify: true})
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = conn.Read(make([]byte, 1)) }() // it takes the tickets
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_ = mqtt.NewGuard(conn, nil).Close()
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the connection was cut after %v", took)
	}
}

package mqtt_test

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/keys"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// TestShared: devices at one broker have one connection. It ends with the last of them, and so do its goroutines.
func TestShared(t *testing.T) {
	f := startFake(t, nil)
	driver := newDriver()
	var sessions []actors.Session
	pprof.Do(t.Context(), pprof.Labels("test", t.Name()), func(ctx context.Context) {
		for _, id := range []string{"d1", "d2", "d3"} {
			s, err := driver.Open(ctx, lamp(id, f.at()))
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, s)
		}
	})
	c := f.conn(t)
	for _, s := range sessions[:2] {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if p, ok := next[*packets.UnsubscribePacket](c, patience); !ok || len(p.Topics) != 1 {
			t.Fatalf("unsubscribed: %v, %v", p, ok)
		}
	}
	to := newSink()
	p := push(t, sessions[2], to)
	c.publish("lamps/d1/on", 0, 0, "true") // too late
	c.publish("lamps/d3/on", 0, 0, "true")
	if got := to.wait(t, 1); len(got) != 1 {
		t.Errorf("readings are %v", got)
	}
	p.stop()
	<-p.ended
	if err := sessions[2].Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, ok := next[*packets.DisconnectPacket](c, patience); !ok {
		t.Error("the broker was not told of the end")
	}
	if len(f.conns) > 0 {
		t.Error("there was another connection")
	}
	for end := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		var goroutines strings.Builder
		if err := pprof.Lookup("goroutine").WriteTo(&goroutines, 1); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(goroutines.String(), fmt.Sprintf("%q:%q", "test", t.Name())) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("goroutines are left:\n%s", goroutines.String())
		}
	}
}

// TestSilentClose: when the context of Close has ended, the device is another gateway's, and nothing is said any more.
func TestSilentClose(t *testing.T) {
	f := startFake(t, nil)
	s := open(t, newDriver(), lamp("d1", f.at()))
	c := f.conn(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(ended); err != nil {
		t.Error(err)
	}
	for {
		p, ok := next[packets.ControlPacket](c, patience)
		switch p.(type) {
		case *packets.DisconnectPacket, *packets.UnsubscribePacket:
			t.Errorf("it said %T", p)
		}
		if !ok {
			return
		}
	}
}

// TestClientIDs: two gateways never have the same by accident, and one has the same again.
func TestClientIDs(t *testing.T) {
	f := startFake(t, nil)
	id := func(driver *mqtt.Driver, address string) string {
		t.Helper()
		if err := opens(t, driver, with(lamp("d1", f.at()), address), patience); err != nil {
			t.Fatal(err)
		}
		p, ok := next[*packets.ConnectPacket](f.conn(t), patience)
		if !ok {
			t.Fatal("no CONNECT")
		}
		if !p.CleanSession {
			t.Error("the session is not a clean one")
		}
		return p.ClientIdentifier
	}
	first, second := &mqtt.Driver{Secrets: keys.Anywhere, Gateway: "gw-1"}, &mqtt.Driver{Secrets: keys.Anywhere, Gateway: "gw-1"}
	a, again, b, other := id(first, ""), id(first, ""), id(second, ""), id(first, "username=u")
	if a != again || a == b || a == other || !strings.HasPrefix(a, "roost-gw-1-") {
		t.Errorf("client ids are %s, again %s, of another gateway %s, of another user %s", a, again, b, other)
	}
	if got := id(first, "client_id=x-{gateway}"); got != "x-gw-1" {
		t.Errorf("client id is %s, want x-gw-1", got)
	}
	open(t, first, with(lamp("d1", f.at()), "client_id=same"))
	open(t, first, with(lamp("d2", f.at()), "client_id=same"))
	if err := opens(t, first, with(lamp("d3", f.at()), "client_id=same username=u"), patience); !errors.Is(err, roostv1.ErrInvalid) {
		t.Errorf("the same client id with another user: %v, want ErrInvalid", err)
	}
}

package mqtt_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/mqtt"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// reopen opens the device as its supervisor does, again and again until it succeeds.
func reopen(t *testing.T, driver *mqtt.Driver, d actors.Device) actors.Session {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		s, err := tryOpen(t, driver, d)
		if err == nil {
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("it does not open again: %v", err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// lamp is a device that can be read and written.
func lamp(id, at string) actors.Device {
	return with(device(id, at, writable("on", isBool, "topic={base}/on write_topic={base}/set")), "base=lamps/{name} keepalive=1s")
}

func TestBrokerKilled(t *testing.T) {
	b := startBroker(t)
	driver := newDriver()
	var sessions []actors.Session
	var pushes []*pushing
	for _, id := range []string{"d1", "d2"} {
		s := open(t, driver, lamp(id, b.at))
		sessions, pushes = append(sessions, s), append(pushes, push(t, s, newSink()))
	}
	killed := time.Now()
	b.Kill()
	for _, p := range pushes {
		p.wantEnd(t, roostv1.ErrOffline)
		if got := p.sink.wait(t, 1); got[0] != "on - bad comm failure" {
			t.Errorf("readings are %q, want a bad one", got)
		}
	}
	t.Logf("the broker was killed: sessions failed %v later", time.Since(killed).Round(time.Millisecond))
	if _, err := act(t, sessions[0], actors.Action{Resource: "on", Value: roostv1.Bool(true)}, patience); !errors.Is(err, actors.ErrNotSent) {
		t.Errorf("write without a broker: %v, want ErrNotSent", err)
	}
	for _, s := range sessions {
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := tryOpen(t, driver, lamp("d1", b.at)); !errors.Is(err, roostv1.ErrOffline) {
		t.Errorf("open without a broker: %v, want ErrOffline", err)
	}
	b.Restart(t)
	restarted := time.Now()
	p := push(t, reopen(t, driver, lamp("d1", b.at)), newSink())
	b.publish(t, "lamps/d1/on", "true")
	p.sink.wait(t, 1)
	t.Logf("the broker was restarted: the first reading came %v later", time.Since(restarted).Round(time.Millisecond))
}

// TestBrokerHangs: the connection stays, and nothing is answered. A command that is under way then is unknown, and never sent again.
func TestBrokerHangs(t *testing.T) {
	b := startBroker(t)
	driver := newDriver()
	d := lamp("d1", b.at)
	s := open(t, driver, d)
	p := push(t, s, newSink())
	b.Pause(t)
	paused := time.Now()
	_, err := act(t, s, actors.Action{Resource: "on", Value: roostv1.Bool(true)}, 300*time.Millisecond)
	if err == nil || errors.Is(err, actors.ErrNotSent) || errors.Is(err, actors.ErrRefused) {
		t.Errorf("write to a broker that hangs: %v, want an outcome that is not known", err)
	}
	p.wantEnd(t, roostv1.ErrOffline)
	t.Logf("the broker hung: the session failed %v later, with a keepalive of 1 s", time.Since(paused).Round(time.Millisecond))
	closing, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := s.Close(closing); err != nil {
		t.Error(err)
	}
	if err := opens(t, driver, d, 300*time.Millisecond); err == nil {
		t.Error("a session was opened at a broker that hangs")
	}
	b.Resume(t)
	resumed := time.Now()
	p = push(t, reopen(t, driver, d), newSink())
	b.publish(t, "lamps/d1/on", "true")
	p.sink.wait(t, 1)
	t.Logf("the broker went on: the first reading came %v later", time.Since(resumed).Round(time.Millisecond))
	if sent := strings.Count(b.Output(), "'lamps/d1/set'"); sent > 1 {
		t.Errorf("the command came %d times:\n%s", sent, b.Output())
	}
}

// opens tries to open a session in a time.
func opens(t *testing.T, driver *mqtt.Driver, d actors.Device, within time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	s, err := driver.Open(ctx, d)
	if err == nil {
		_ = s.Close(t.Context())
	}
	return err
}

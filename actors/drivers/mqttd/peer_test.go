package mqttd_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/roost-iot/roost/actors"
	"github.com/roost-iot/roost/actors/drivers/peertest"
	roostv1 "github.com/roost-iot/roost/proto/roost/v1"
)

// The devices here are the clients of mosquitto.

func needMosquitto(t testing.TB) {
	t.Helper()
	peertest.Need(t, peertest.Program("mosquitto_pub", "mosquitto-clients"), peertest.Program("mosquitto_sub", "mosquitto-clients"))
}

// hearer starts a device that hears what is written to it, and prints it.
func hearer(t testing.TB, at, id string, more ...string) *peertest.Peer {
	t.Helper()
	args := []string{"-p", peertest.Port(at), "-i", id, "-q", "1", "-t", id + "/#", "-F", "%t=%p", "-k", "5"}
	return peertest.Start(t, peertest.Command{Name: "mosquitto_sub", Args: append(args, more...)})
}

// hearerOf starts one as soon as somebody listens: mosquitto_sub ends if nobody does at first.
func hearerOf(t testing.TB, at, id string) *peertest.Peer {
	t.Helper()
	_ = dialRaw(t, at).conn.Close()
	return hearer(t, at, id)
}

// heard returns what it was sent.
func heard(p *peertest.Peer) []string { return strings.Fields(p.Output()) }

// until waits for something, and returns how long that took.
func until(t testing.TB, what string, done func() bool) time.Duration {
	t.Helper()
	begun := time.Now()
	for !done() {
		if time.Since(begun) > patience {
			t.Fatalf("%s: not within %v", what, patience)
		}
		<-time.After(2 * time.Millisecond)
	}
	return time.Since(begun)
}

func TestMosquittoPublishes(t *testing.T) {
	needMosquitto(t)
	at, s := freeAddress(t), newStore()
	open(t, newDriver(), device("d", at, "sleepy=true", reads("n", isInt, "topic=d/n")), s, nil)
	for _, version := range []string{"31", "311", "5"} {
		for qos := range 3 {
			before, _ := s.all()
			const many = 500
			begun := time.Now()
			line := fmt.Sprintf("seq 1 %d | mosquitto_pub -p %s -i d -V %s -q %d -t d/n -l", many, peertest.Port(at), version, qos)
			peertest.Start(t, peertest.Command{Name: "sh", Args: []string{"-c", line}})
			all := s.wait(t, len(before)+many)
			took := time.Since(begun)
			for i, sample := range all[len(before):] {
				if got := sample.Value.GetInt(); got != int64(i+1) {
					t.Fatalf("MQTT %s, QoS %d: reading %d is %d", version, qos, i+1, got)
				}
			}
			t.Logf("MQTT %s, QoS %d: %d messages in %v", version, qos, many, took)
		}
	}
}

func TestMosquittoHears(t *testing.T) {
	needMosquitto(t)
	for _, version := range []string{"311", "5"} {
		at := freeAddress(t)
		v := open(t, newDriver(), device("d", at, "sleepy=true"), newStore(), nil)
		p := hearer(t, at, "d", "-V", version)
		on := func(within time.Duration) error { return v.write("valve", roostv1.Bool(true), within) }
		notSent := func() bool { return errors.Is(on(patience), actors.ErrNotSent) }
		t.Logf("MQTT %s: first write after %v", version, until(t, "first write", func() bool { return on(patience) == nil }))
		p.Kill()
		t.Logf("killed: known after %v", until(t, "its end", notSent))
		p.Restart(t)
		t.Logf("started again: written after %v", until(t, "write after a restart", func() bool { return on(patience) == nil }))
		p.Pause(t)
		if err := on(200 * time.Millisecond); !unknown(err) {
			t.Errorf("a write to a device that hangs: %v, want an unknown outcome", err)
		}
		p.Resume(t)
		begun := time.Now()
		if err := on(patience); err != nil {
			t.Errorf("a write after it hung: %v", err)
		}
		t.Logf("goes on: written after %v", time.Since(begun))
		if err := v.write("valve", roostv1.Bool(false), patience); err != nil {
			t.Error(err)
		}
		p.Wait(t, "d/valve/set=OFF")
		if got := strings.Join(heard(p), " "); got != "d/valve/set=ON d/valve/set=ON d/valve/set=ON d/valve/set=OFF" {
			t.Errorf("the device heard %q since its restart, want three times ON, and OFF", got)
		}
	}
}

// TestSessionOpensAgain: after the gateway has ended a session, the device comes back by itself.
func TestSessionOpensAgain(t *testing.T) {
	needMosquitto(t)
	at := freeAddress(t)
	d := device("d", at, "")
	driver := newDriver()
	var p *peertest.Peer
	v := open(t, driver, d, newStore(), func() { p = hearerOf(t, at, "d") })
	if err := v.write("valve", roostv1.Bool(true), patience); err != nil {
		t.Error(err)
	}
	if err := v.Session.Close(t.Context()); err != nil {
		t.Error(err)
	}
	begun := time.Now()
	v = open(t, driver, d, newStore(), nil)
	if err := v.write("valve", roostv1.Bool(false), patience); err != nil {
		t.Error(err)
	}
	t.Logf("there again after %v", time.Since(begun))
	p.Wait(t, "d/valve/set=OFF")
}

// TestDeviceHangs: one that hangs is cut off when it has said nothing for long enough, and is away.
func TestDeviceHangs(t *testing.T) {
	needMosquitto(t)
	at := freeAddress(t)
	var p *peertest.Peer
	v := open(t, newDriver(), device("d", at, "keepalive=1s away=0s"), newStore(), func() { p = hearerOf(t, at, "d") })
	p.Pause(t)
	begun := time.Now()
	if err := <-v.ended; !errors.Is(err, roostv1.ErrOffline) {
		t.Errorf("push ended with %v, want OFFLINE", err)
	}
	took := time.Since(begun)
	t.Logf("a device that hangs is away after %v", took)
	if took > 5*time.Second {
		t.Error("want 1.5s after its last word")
	}
	p.Resume(t)
}

// TestKilledWhileItSends: what was acknowledged before a device was killed is stored, and a new one goes on.
func TestKilledWhileItSends(t *testing.T) {
	needMosquitto(t)
	at, s := freeAddress(t), newStore()
	open(t, newDriver(), device("d", at, "sleepy=true", reads("n", isInt, "topic=d/n")), s, nil)
	p := peertest.Start(t, peertest.Command{
		Name: "sh", Args: []string{"-c", "yes 7 | mosquitto_pub -p " + peertest.Port(at) + " -i d -q 1 -t d/n -l"},
	})
	s.wait(t, 100)
	p.Kill()
	n := len(s.wait(t, 100))
	begun := time.Now()
	p.Restart(t)
	s.wait(t, n+200)
	t.Logf("200 more readings %v after it was started again", time.Since(begun))
	p.Kill()
}

func TestMosquittoIsRefused(t *testing.T) {
	needMosquitto(t)
	at, s := freeAddress(t), newStore()
	t.Setenv("ROOST_TEST_PASSWORD", "right")
	driver := newDriver()
	open(t, driver, device("d", at, "sleepy=true username=u password=env:ROOST_TEST_PASSWORD"), s, nil)
	publish := func(more ...string) *peertest.Peer {
		args := append([]string{"-p", peertest.Port(at), "-m", "online", "-q", "1"}, more...)
		return peertest.Start(t, peertest.Command{Name: "mosquitto_pub", Args: args})
	}
	publish("-i", "d", "-t", "d/status")
	publish("-i", "d", "-u", "u", "-P", "wrong", "-t", "d/status")
	publish("-i", "e", "-u", "u", "-P", "right", "-t", "d/status")
	until(t, "three refusals", func() bool { return driver.Counts().Refused >= 3 })
	publish("-i", "d", "-u", "u", "-P", "right", "-t", "e/status")
	until(t, "a foreign topic", func() bool { return driver.Counts().Foreign == 1 })
	publish("-i", "d", "-u", "u", "-P", "right", "-t", "d/status")
	if got := s.wait(t, 1); len(got) != 1 {
		t.Errorf("samples %v, want one", got)
	}
}
